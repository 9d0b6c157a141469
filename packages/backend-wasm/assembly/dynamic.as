// Activations quantized while a kernel runs (docs/numerics.md, "linear and conv2d"): ranges, then codes as products take them
// (assembly/codes.as). NaN does not count in a range, and its code stands for 0.

/** Elements of a tensor that are looked at together: a multiple of the eight that `codesOf` writes at a time. */
const CHUNK: i32 = 4096;

/** 1.5 * 2^23 rounds what is added to it half to even; its bits. */
const MAGIC: f32 = 12582912;
const MAGIC_BITS: i32 = 0x4b400000;

/** What quantization of a whole tensor found: its range makes one scale and one zero point. */
@unmanaged
class TensorScale {
  scale: f32;
  /** The code of 0, as the product takes codes. */
  zero: i32;
  /** The same as a uint8. */
  zeroPoint: i32;
}

/** Smallest and largest number of each chunk of 4096, 0 among them. [begin, end) counts chunks. */
export function rangesOfChunks(begin: i32, end: i32, x: usize, count: i32, ranges: usize): void {
  for (let chunk = begin; chunk < end; chunk++) {
    let p = x + (<usize>chunk * CHUNK << 2);
    const stop = x + (<usize>min((chunk + 1) * CHUNK, count) << 2);
    let low0 = f32x4.splat(0), high0 = low0, low1 = low0, high1 = low0;
    for (; p + 32 <= stop; p += 32) {
      const a = v128.load(p), b = v128.load(p, 16);
      low0 = f32x4.pmin(low0, a);
      high0 = f32x4.pmax(high0, a);
      low1 = f32x4.pmin(low1, b);
      high1 = f32x4.pmax(high1, b);
    }
    for (; p < stop; p += 4) {
      const a = v128.load32_splat(p);
      low0 = f32x4.pmin(low0, a);
      high0 = f32x4.pmax(high0, a);
    }
    store<f32>(ranges + (chunk << 3), -largest(f32x4.neg(f32x4.pmin(low0, low1))));
    store<f32>(ranges + (chunk << 3), largest(f32x4.pmax(high0, high1)), 4);
  }
}

// @ts-ignore: decorator
@inline
function largest(x: v128): f32 {
  const pairs = f32x4.pmax(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** ONNX DynamicQuantizeLinear, from the ranges of all chunks. offset: from a uint8 code to what the product takes; wide: it takes 0 for 0. */
export function scaleOfTensor(_begin: i32, _end: i32, ranges: usize, chunks: i32, offset: i32, wide: i32, result: usize): void {
  let low: f32 = 0, high: f32 = 0;
  for (let p = ranges; p < ranges + (chunks << 3); p += 8) {
    low = min(low, load<f32>(p));
    high = max(high, load<f32>(p, 4));
  }
  const scale: f32 = low == high ? 1 : (high - low) / 255;
  const steps: f32 = -low / scale;
  const t = changetype<TensorScale>(result);
  t.scale = scale;
  t.zeroPoint = steps == steps ? <i32>nearest<f32>(min(steps, 255)) : 0;
  t.zero = wide ? 0 : t.zeroPoint + offset;
}

/** uint8 codes of a tensor with the scale and zero point of `scaleOfTensor`. [begin, end) counts chunks. */
export function quantizeTensor(begin: i32, end: i32, x: usize, count: i32, scale: usize, wide: i32, y: usize): void {
  const t = changetype<TensorScale>(scale);
  const low = <f32>-t.zeroPoint;
  for (let chunk = begin; chunk < end; chunk++) {
    const first: usize = <usize>chunk * CHUNK;
    codesOf(x + (first << 2), min(CHUNK, count - <i32>first), t.scale, low, low + 255, t.zero, wide, y + (first << wide));
  }
}

/** int8 codes of rows of `depth` floats, each with its own scale; they get `zero` added. y: rows of yStep bytes. [begin, end) counts rows. */
export function quantizeRows(begin: i32, end: i32, x: usize, depth: i32, zero: i32, wide: i32, y: usize, yStep: i32, scales: usize): void {
  for (let row = begin; row < end; row++) {
    const from = x + (<usize>row * depth << 2);
    const scale: f32 = largestMagnitude(from, depth) / 127;
    store<f32>(scales + (row << 2), scale);
    codesOf(from, depth, scale, -127, 127, zero, wide, y + <usize>row * yStep);
  }
}

function largestMagnitude(x: usize, count: i32): f32 {
  const stop = x + (count << 2);
  let high0 = f32x4.splat(0), high1 = high0;
  for (; x + 32 <= stop; x += 32) {
    high0 = f32x4.pmax(high0, f32x4.abs(v128.load(x)));
    high1 = f32x4.pmax(high1, f32x4.abs(v128.load(x, 16)));
  }
  for (; x < stop; x += 4) high0 = f32x4.pmax(high0, f32x4.abs(v128.load32_splat(x)));
  return largest(f32x4.pmax(high0, high1));
}

/** clamp(round(x / scale), low, high) + zero for `count` floats and up to 7 more. */
function codesOf(x: usize, count: i32, scale: f32, low: f32, high: f32, zero: i32, wide: i32, y: usize): void {
  const divisor = f32x4.splat(scale), lowest = f32x4.splat(low), highest = f32x4.splat(high);
  const offset = i32x4.splat(MAGIC_BITS - zero);
  for (let i = 0; i < count; i += 8, x += 32) {
    const c0 = i32x4.sub(rounded(v128.load(x), divisor, lowest, highest), offset);
    const c1 = i32x4.sub(rounded(v128.load(x, 16), divisor, lowest, highest), offset);
    const codes = i16x8.narrow_i32x4_s(c0, c1);
    if (wide) v128.store(y + (i << 1), codes);
    else {
      const low = v128.and(codes, i16x8.splat(255));
      v128.store64_lane(y + i, i8x16.narrow_i16x8_u(low, low), 0);
    }
  }
}

// @ts-ignore: decorator
@inline
function rounded(x: v128, scale: v128, low: v128, high: v128): v128 {
  const steps = f32x4.div(x, scale);
  const known = v128.and(steps, f32x4.eq(steps, steps));
  return f32x4.add(f32x4.pmin(f32x4.pmax(known, low), high), f32x4.splat(MAGIC));
}

/** What sums start with, where the zero point of the activations is not known before: -zero * (sum of the channel's weights). [begin, end) counts panels. */
export function startSums(begin: i32, end: i32, zero: usize, weightSums: usize, init: usize): void {
  const factor = i32x4.splat(-load<i32>(zero));
  for (let at: usize = <usize>begin << 5; at < <usize>end << 5; at += 16) v128.store(init + at, i32x4.mul(v128.load(weightSums + at), factor));
}
