/** Formats of codes, 2 to 8 bits wide, and the steps between codes that a quantizer starts from. */
import { roundHalfEven } from "@bitbudget/core";
import { TrainingError } from "../errors.ts";

type Bits = 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Signed codes are symmetric about 0; unsigned ones have a zero point where numbers below 0 are seen. */
export type CodeFormat = `int${Bits}` | `uint${Bits}`;

export interface CodeRange {
  readonly bits: number;
  readonly signed: boolean;
  readonly min: number;
  readonly max: number;
}

/** @throws TrainingError for a name that is not one of a format */
export function codeRange(dtype: CodeFormat): CodeRange {
  const match = /^(u?)int([2-8])$/.exec(dtype);
  if (match === null)
    throw new TrainingError(
      `${JSON.stringify(dtype)} is not a format of codes; use int2 to int8 or uint2 to uint8`,
    );
  const bits = Number(match[2]);
  const signed = match[1] === "";
  return {
    bits,
    signed,
    min: signed ? -(2 ** (bits - 1)) : 0,
    max: 2 ** (signed ? bits - 1 : bits) - 1,
  };
}

/**
 * Where a step starts: "lsq" at 2 mean|x| / sqrt(largest code) (Esser et al. 2020, section 2.1), "min-max" so that no
 * number is clipped, "mse" where the squared error is smallest.
 */
export type InitialStep = "lsq" | "min-max" | "mse";

/** Of numbers that share a step; for the squared error some of them suffice. */
export interface Sample {
  readonly values: Float32Array;
  /** Of all numbers. */
  readonly min: number;
  readonly max: number;
}

export interface Coding {
  /** 0 where all numbers are 0. */
  readonly step: number;
  /** Codes less this are multiples of the step; within the range, and 0 for signed codes. */
  readonly zeroPoint: number;
}

/** The step, rounded to float32, and the zero point for some numbers. */
export function initialCoding(sample: Sample, codes: CodeRange, how: InitialStep): Coding {
  const covering = (part: number) => coverRange(sample.min * part, sample.max * part, codes);
  const whole = covering(1);
  if (whole.step === 0 || how === "min-max") return whole;
  if (how === "lsq") {
    let sum = 0;
    for (let i = 0; i < sample.values.length; i++) sum += Math.abs(sample.values[i]!);
    const largest = codes.max - whole.zeroPoint;
    const step = (2 * sum) / sample.values.length / Math.sqrt(Math.max(largest, 1));
    return { step: Math.fround(step), zeroPoint: whole.zeroPoint };
  }
  return covering(smallest((part) => squaredError(sample.values, covering(part), codes)));
}

/** The coding whose codes reach from `min` to `max`, and to 0. */
function coverRange(min: number, max: number, codes: CodeRange): Coding {
  const [low, high] = [Math.min(min, 0), Math.max(max, 0)];
  if (codes.signed) {
    // The smallest code has no counterpart: a number that is its own may be as large as that.
    return { step: Math.fround(Math.max(-low, high) / codes.max), zeroPoint: 0 };
  }
  const step = Math.fround((high - low) / codes.max);
  const zeroPoint = step === 0 ? 0 : Math.min(roundHalfEven(-low / step), codes.max);
  return { step, zeroPoint };
}

function squaredError(values: Float32Array, { step, zeroPoint }: Coding, codes: CodeRange): number {
  const [low, high] = [codes.min - zeroPoint, codes.max - zeroPoint];
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    const code = Math.min(Math.max(Math.round(x / step), low), high);
    const error = x - code * step;
    sum += error * error;
  }
  return sum;
}

/** Where in (0, 1] an error is smallest: a geometric grid down to 1/64, then a finer one about its best point. */
function smallest(error: (part: number) => number): number {
  let [best, least] = [1, error(1)];
  const look = (part: number) => {
    const found = error(part);
    if (found < least) [best, least] = [part, found];
  };
  for (let i = 1; i <= 48; i++) look(2 ** (-i / 8));
  const middle = best;
  for (let i = -7; i <= 7; i++) look(Math.min(1, middle * 2 ** (i / 64)));
  return best;
}
