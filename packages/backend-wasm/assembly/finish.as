// From int32 sums of codes to what an op returns: the sums themselves, codes of another scale, or floats.
import { narrowBytes, steps4 } from "./requantize";
import { scratch } from "./simd";

/** What becomes of sums. src/weighted/finish.ts writes it, in this order. */
@unmanaged
export class Finish {
  /** 0: int32 sums; 1: 8-bit codes; 2: float32. */
  kind: i32;
  /** For each channel, panel by panel: multipliers of requantization, or scales. */
  scales: usize;
  /** For floats, of each channel. */
  bias: usize;
  /** For codes: the lowest, less the zero point; what assembly/requantize.as adds; the highest, less that of the format; 128 for int8. */
  low: f32;
  offset: i32;
  highest: i32;
  flip: i32;
  /** For floats: codes of src/functions.ts. */
  fn: i32;
  alpha: f32;
  beta: f32;
}

/** Bytes of an element of the result are 1 << this. */
export function resultShift(f: Finish): i32 {
  return f.kind == 1 ? 0 : 2;
}

/** sums: rows of 8, sumStep bytes apart, of the channels of `panel`; of them, the first `columns` go to y. rowScales: floats, each for a row, rowScaleStep bytes apart. */
export function finishPanel(f: Finish, rows: i32, sums: usize, sumStep: usize, panel: usize, columns: i32, y: usize, yStep: usize, rowScales: usize, rowScaleStep: usize): void {
  const scales = f.scales + (panel << 5);
  if (f.kind == 1) finishCodes(f, rows, sums, sumStep, scales, columns, y, yStep);
  else if (f.kind == 2) finishFloats(rows, sums, sumStep, scales, f.bias + (panel << 5), columns, y, yStep, rowScales, rowScaleStep);
  else for (let row = 0; row < rows; row++, sums += sumStep, y += yStep) store8(y, v128.load(sums), v128.load(sums, 16), columns);
}

function finishCodes(f: Finish, rows: i32, sums: usize, sumStep: usize, multipliers: usize, columns: i32, y: usize, yStep: usize): void {
  const m0 = v128.load(multipliers), m1 = v128.load(multipliers, 16);
  const low = f32x4.splat(f.low), offset = i32x4.splat(f.offset), highest = i8x16.splat(<i8>f.highest), flip = i8x16.splat(<i8>f.flip);
  for (let row = 0; row < rows; row++, sums += sumStep, y += yStep) {
    const a = steps4(v128.load(sums), m0, low, offset), b = steps4(v128.load(sums, 16), m1, low, offset);
    const codes = narrowBytes(a, b, a, b, highest, flip);
    if (columns == 8) v128.store64_lane(y, codes, 0);
    else {
      v128.store(scratch, codes);
      for (let i = 0; i < columns; i++) store<u8>(y + i, load<u8>(scratch + i));
    }
  }
}

/** sum * scale of the row * scale of the channel + bias. */
function finishFloats(rows: i32, sums: usize, sumStep: usize, scales: usize, bias: usize, columns: i32, y: usize, yStep: usize, rowScales: usize, rowScaleStep: usize): void {
  const m0 = v128.load(scales), m1 = v128.load(scales, 16);
  const b0 = v128.load(bias), b1 = v128.load(bias, 16);
  for (let row = 0; row < rows; row++, sums += sumStep, y += yStep, rowScales += rowScaleStep) {
    const scale = v128.load32_splat(rowScales);
    const f0 = f32x4.mul(f32x4.convert_i32x4_s(v128.load(sums)), scale);
    const f1 = f32x4.mul(f32x4.convert_i32x4_s(v128.load(sums, 16)), scale);
    store8(y, f32x4.add(f32x4.mul(f0, m0), b0), f32x4.add(f32x4.mul(f1, m1), b1), columns);
  }
}

/** Stores the first `columns` of eight lanes. */
// @ts-ignore: decorator
@inline
function store8(y: usize, low: v128, high: v128, columns: i32): void {
  if (columns == 8) {
    v128.store(y, low);
    v128.store(y, high, 16);
    return;
  }
  v128.store(scratch, low);
  v128.store(scratch, high, 16);
  for (let i = 0; i < columns << 2; i += 4) store<i32>(y + i, load<i32>(scratch + i));
}
