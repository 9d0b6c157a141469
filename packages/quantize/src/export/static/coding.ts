/** How codes of one activation stand for its numbers: a format, a scale and a zero point. */
import {
  affineScale,
  affineZeroPoint,
  type DType,
  dtypes,
  type IntegerName,
  type Range,
  roundHalfEven,
} from "@bitbudget/core";
import { QuantizeError } from "../../errors.ts";
import type { ActivationScheme, RangeMethod } from "../../scheme.ts";

/** Codes that activations may have: all of a format, or the lowest ones of bytes. */
export interface CodeFormat {
  /** Format of the scheme, whose codes are used. */
  readonly dtype: IntegerName;
  /** Format in which they are stored: bytes for those of fewer bits, since no runtime computes with packed activations. */
  readonly storage: "uint8" | "int8" | "uint16" | "int16";
  readonly symmetric: boolean;
  readonly method: RangeMethod;
}

export interface Coding {
  readonly format: CodeFormat;
  readonly scale: number;
  readonly zeroPoint: number;
}

export function formatOf({ dtype, symmetric, range = "min-max" }: ActivationScheme): CodeFormat {
  const info = dtypes[dtype];
  if (info.kind !== "integer") throw new QuantizeError(`activations have integer codes, not ${dtype}`);
  const storage = `${info.signed ? "int" : "uint"}${info.bits > 8 ? 16 : 8}` as const;
  return { dtype: info.name as IntegerName, storage, symmetric: symmetric ?? info.signed, method: range };
}

/** Whether kernels compute with the codes. */
export function isByte({ storage }: CodeFormat): boolean {
  return dtypes[storage].bits === 8;
}

/** The codes that cover a range. */
export function codingOf(format: CodeFormat, range: Range): Coding {
  const { dtype, symmetric } = format;
  const scale = Math.fround(affineScale(range, dtype, symmetric));
  return { format, scale, zeroPoint: affineZeroPoint(range, scale, dtype, symmetric) };
}

/** The code of a number, as QuantizeLinear makes it. */
export function codeOf({ format, scale, zeroPoint }: Coding, x: number): number {
  const { min, max } = dtypes[format.dtype];
  return Math.min(Math.max(roundHalfEven(Math.fround(x / scale)) + zeroPoint, min), max);
}

/** The lowest and the highest code, where numbers are within bounds; undefined where the format ends there anyway. */
export function bounds(
  coding: Coding,
  { min, max }: { readonly min: number; readonly max: number },
): { readonly low: number; readonly high: number } | undefined {
  const low = codeOf(coding, min);
  const high = codeOf(coding, max);
  const storage: DType = coding.format.storage;
  return low === dtypes[storage].min && high === dtypes[storage].max ? undefined : { low, high };
}
