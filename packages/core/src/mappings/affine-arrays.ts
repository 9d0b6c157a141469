/**
 * ONNX QuantizeLinear and DequantizeLinear over whole arrays: code = saturate(round(x / scale) + zeroPoint), the quotient
 * rounded to float32, then to an integer, ties to even; and value = (code - zeroPoint) * scale, rounded to float32.
 */
import { dtypes } from "../dtypes.ts";
import { ArgumentError, CodeError } from "../errors.ts";
import { checkElements, forEachRun, type Groups, groupsOf } from "../groups.ts";
import { checkStorage, type Storage } from "../storage.ts";
import { dequantizeRun, quantizeColumns, quantizeRun } from "./affine-kernels.ts";
import { CHUNK, codeReader, codeWriter, forEachChunk } from "./chunks.ts";
import { checkScales } from "./scales.ts";

/** Integer formats that codes of an affine mapping have; int32 for biases. */
export type AffineCode =
  | "int32"
  | "int16"
  | "uint16"
  | "int8"
  | "uint8"
  | "int4"
  | "uint4"
  | "int2"
  | "uint2";

export interface AffineParameters<D extends AffineCode = AffineCode> {
  readonly dtype: D;
  /** Positive, finite, taken as float32: one for all, or one for each group. */
  readonly scale: number | ArrayLike<number>;
  /** Codes of zero: one for all, or one for each group. Default 0. */
  readonly zeroPoint?: number | ArrayLike<number>;
  /** Which element is of which group: {@link groupsOf} a shape. Default: one group. */
  readonly groups?: Groups;
}

/**
 * Quantizes `x` into `out`, packed below 8 bits. Infinities saturate, NaN becomes the zero point. Throws ScaleError or
 * CodeError (a zero point that is no code) with the index of the group, ShapeError if lengths do not match.
 */
export function quantizeAffine<D extends AffineCode>(
  x: Float32Array,
  out: Storage<D>,
  parameters: AffineParameters<D>,
): void {
  const { dtype } = parameters;
  checkStorage("out", dtype, out, x.length);
  const { groups, scales, zeroPoints } = resolve(x.length, parameters);
  const { min, max } = dtypes[dtype];
  const perScale = new Float64Array(scales).map((scale) => 1 / scale);
  const codes = new Int32Array(Math.min(CHUNK, x.length));
  const write = codeWriter(dtype, out);
  forEachChunk(x.length, (start, end) => {
    forEachRun(groups, start, end, (at, length, group) => {
      const to = at - start;
      if (groups.columnwise) quantizeColumns(x, at, length, codes, to, perScale, zeroPoints, group, min, max);
      else quantizeRun(x, at, length, codes, to, perScale[group]!, zeroPoints[group]!, min, max);
    });
    write(codes, end - start, start);
  });
}

/** Dequantizes the first `out.length` of `codes` into `out`. Errors as those of {@link quantizeAffine}. */
export function dequantizeAffine<D extends AffineCode>(
  codes: Storage<D>,
  out: Float32Array,
  parameters: AffineParameters<D>,
): void {
  const { dtype } = parameters;
  checkStorage("codes", dtype, codes, out.length);
  const { groups, scales, zeroPoints } = resolve(out.length, parameters);
  const values = new Float32Array(Math.min(CHUNK, out.length));
  const read = codeReader(dtype, codes);
  forEachChunk(out.length, (start, end) => {
    read(values, end - start, start);
    forEachRun(groups, start, end, (at, length, group) => {
      dequantizeRun(values, at - start, length, out, at, scales, zeroPoints, group, groups.columnwise);
    });
  });
}

/** Parameters as arrays with an element for each group, checked. */
function resolve(length: number, { dtype, scale, zeroPoint = 0, groups }: AffineParameters) {
  const found = groups ?? groupsOf([length], { kind: "tensor" });
  checkElements(found, length);
  const { count } = found;
  const scales = checkScales(new Float32Array(perGroup("scale", scale, count)));
  const points = perGroup("zeroPoint", zeroPoint, count);
  // A 32-bit code less a zero point does not fit a float32; ONNX has none there either.
  const { min, max } = dtype === "int32" ? { min: 0, max: 0 } : dtypes[dtype];
  for (let i = 0; i < count; i++) {
    const point = points[i]!;
    if (!(Number.isInteger(point) && point >= min && point <= max)) {
      throw new CodeError(point, dtype, i, `use a zero point from ${min} to ${max}`);
    }
  }
  return { groups: found, scales, zeroPoints: new Int32Array(points) };
}

function perGroup(name: string, value: number | ArrayLike<number>, count: number): ArrayLike<number> {
  const values = typeof value === "number" ? new Float64Array(count).fill(value) : value;
  if (values.length === count) return values;
  throw new ArgumentError(`"${name}" has ${values.length} elements for ${count} groups`);
}
