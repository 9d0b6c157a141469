// The sum of two strips of 8-bit codes as codes of a third scale, in one go: what residual connections of quantized models
// are. The arithmetic is that of the steps that it stands for (quantize.ts), rounding by rounding.
import { bytes0, bytes1, bytes2, bytes3 } from "./formats";

/** Vectors of four equal numbers. src/elementwise/sum-of-codes.ts writes them, in this order. */
const A_SCALE = 0;
const A_ZERO = 16;
const B_SCALE = 32;
const B_ZERO = 48;
/** Added to the sum before it is rounded. */
const OFFSET = 64;
const SCALE = 80;
/** Bounds of the result less its zero point. */
const LEAST = 96;
const MOST = 112;
const ZERO = 128;

const MAGIC: f32 = 12582912;
const MAGIC_BITS: i32 = 0x4b400000;

/** signs: 1 where a is int8, 2 where b is, 4 where the result is; else they are uint8. */
export function sumOfCodesStrip(signs: i32, a: usize, b: usize, numbers: usize, to: usize, count: i32): void {
  // With its sign turned, an int8 code is a byte that is 128 too large.
  const aFlip = i8x16.splat(signs & 1 ? -128 : 0);
  const bFlip = i8x16.splat(signs & 2 ? -128 : 0);
  const aZero = f32x4.add(v128.load(numbers, A_ZERO), f32x4.splat(signs & 1 ? 128 : 0));
  const bZero = f32x4.add(v128.load(numbers, B_ZERO), f32x4.splat(signs & 2 ? 128 : 0));
  const aScale = v128.load(numbers, A_SCALE);
  const bScale = v128.load(numbers, B_SCALE);
  // Codes are narrowed as int8; a uint8 code is 128 less on its way.
  const flip = i8x16.splat(signs & 4 ? 0 : -128);
  const zero = i32x4.trunc_sat_f32x4_s(v128.load(numbers, ZERO));
  const bias = i32x4.sub(zero, i32x4.splat(MAGIC_BITS + (signs & 4 ? 0 : 128)));
  // Division by 1 changes nothing and takes as long as all the rest.
  const divides = load<f32>(numbers, SCALE) != 1;
  for (const end = to + count; to < end; a += 16, b += 16, to += 16) {
    const p = v128.xor(v128.load(a), aFlip);
    const q = v128.xor(v128.load(b), bFlip);
    let s0 = sum4(bytes0(p), aZero, aScale, bytes0(q), bZero, bScale, numbers);
    let s1 = sum4(bytes1(p), aZero, aScale, bytes1(q), bZero, bScale, numbers);
    let s2 = sum4(bytes2(p), aZero, aScale, bytes2(q), bZero, bScale, numbers);
    let s3 = sum4(bytes3(p), aZero, aScale, bytes3(q), bZero, bScale, numbers);
    if (divides) {
      const scale = v128.load(numbers, SCALE);
      s0 = f32x4.div(s0, scale);
      s1 = f32x4.div(s1, scale);
      s2 = f32x4.div(s2, scale);
      s3 = f32x4.div(s3, scale);
    }
    const low = i16x8.narrow_i32x4_s(code4(s0, bias, numbers), code4(s1, bias, numbers));
    const high = i16x8.narrow_i32x4_s(code4(s2, bias, numbers), code4(s3, bias, numbers));
    v128.store(to, v128.xor(i8x16.narrow_i16x8_s(low, high), flip));
  }
}

// @ts-ignore: decorator
@inline
function sum4(p: v128, aZero: v128, aScale: v128, q: v128, bZero: v128, bScale: v128, numbers: usize): v128 {
  const x = f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(p), aZero), aScale);
  const y = f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(q), bZero), bScale);
  return f32x4.add(f32x4.add(x, y), v128.load(numbers, OFFSET));
}

/** NaN stands for 0. */
// @ts-ignore: decorator
@inline
function code4(steps: v128, bias: v128, numbers: usize): v128 {
  const known = v128.and(steps, f32x4.eq(steps, steps));
  const inside = f32x4.pmin(f32x4.pmax(known, v128.load(numbers, LEAST)), v128.load(numbers, MOST));
  return i32x4.add(f32x4.add(inside, f32x4.splat(MAGIC)), bias);
}
