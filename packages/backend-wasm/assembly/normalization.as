// layerNorm and batchNorm in float32. Sums are taken in several parts, and a mean is subtracted before squares are taken.
import { firstLanes, storeLanes, sumOfLanes } from "./lanes";
import { madd } from "./simd";

/**
 * (x - mean) / sqrt(variance + epsilon) * scale + bias of rows of `length`; where rms is not 0 the mean is taken as 0.
 * [begin, end) counts rows. scale, bias: one for each element of a row.
 */
export function layerNormF32(begin: i32, end: i32, x: usize, y: usize, scale: usize, bias: usize, length: i32, epsilon: f32, rms: i32): void {
  const bytes: usize = <usize>length << 2;
  for (let row = begin; row < end; row++) {
    const from = x + row * bytes;
    const center: f32 = rms ? 0 : sumOf(from, length) / <f32>length;
    const deviation = Mathf.sqrt(sumOfSquares(from, length, center) / <f32>length + epsilon);
    scaled(from, y + row * bytes, scale, bias, length, center, 1 / deviation);
  }
}

function sumOf(x: usize, count: i32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    const at = x + (i << 2);
    a = f32x4.add(a, v128.load(at));
    b = f32x4.add(b, v128.load(at, 16));
    c = f32x4.add(c, v128.load(at, 32));
    d = f32x4.add(d, v128.load(at, 48));
  }
  for (; i < count; i += 4) a = f32x4.add(a, v128.and(v128.load(x + (i << 2)), firstLanes(count - i)));
  return sumOfLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

/** Of (x - center) ** 2. */
function sumOfSquares(x: usize, count: i32, center: f32): f32 {
  const shift = f32x4.splat(center);
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    const at = x + (i << 2);
    const x0 = f32x4.sub(v128.load(at), shift);
    const x1 = f32x4.sub(v128.load(at, 16), shift);
    const x2 = f32x4.sub(v128.load(at, 32), shift);
    const x3 = f32x4.sub(v128.load(at, 48), shift);
    a = madd(x0, x0, a);
    b = madd(x1, x1, b);
    c = madd(x2, x2, c);
    d = madd(x3, x3, d);
  }
  for (; i < count; i += 4) {
    const x0 = v128.and(f32x4.sub(v128.load(x + (i << 2)), shift), firstLanes(count - i));
    a = madd(x0, x0, a);
  }
  return sumOfLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

/** y = (x - center) * factor * scale + bias */
function scaled(x: usize, y: usize, scale: usize, bias: usize, count: i32, center: f32, factor: f32): void {
  const shift = f32x4.splat(center);
  const by = f32x4.splat(factor);
  for (let i = 0; i < count; i += 4) {
    const at = i << 2;
    const normal = f32x4.mul(f32x4.sub(v128.load(x + at), shift), by);
    const value = madd(normal, v128.load(scale + at), v128.load(bias + at));
    if (i + 4 <= count) v128.store(y + at, value);
    else storeLanes(y + at, value, count - i);
  }
}

/** (x - mean) * factor + bias of [positions, channels]. [begin, end) counts positions. */
export function batchNormLast(begin: i32, end: i32, x: usize, y: usize, mean: usize, factor: usize, bias: usize, channels: i32): void {
  const bytes: usize = <usize>channels << 2;
  for (let row = begin; row < end; row++) {
    const from = x + row * bytes;
    const to = y + row * bytes;
    for (let i = 0; i < channels; i += 4) {
      const at = i << 2;
      const value = madd(f32x4.sub(v128.load(from + at), v128.load(mean + at)), v128.load(factor + at), v128.load(bias + at));
      if (i + 4 <= channels) v128.store(to + at, value);
      else storeLanes(to + at, value, channels - i);
    }
  }
}

/** The same of [batch * channels, inner]. [begin, end) counts batch * channels. */
export function batchNormFirst(begin: i32, end: i32, x: usize, y: usize, mean: usize, factor: usize, bias: usize, channels: i32, inner: i32): void {
  const bytes: usize = <usize>inner << 2;
  for (let row = begin; row < end; row++) {
    const channel = (row % channels) << 2;
    const from = x + row * bytes;
    const to = y + row * bytes;
    const shift = v128.load32_splat(mean + channel);
    const by = v128.load32_splat(factor + channel);
    const start = v128.load32_splat(bias + channel);
    for (let i = 0; i < inner; i += 4) {
      const at = i << 2;
      const value = madd(f32x4.sub(v128.load(from + at), shift), by, start);
      if (i + 4 <= inner) v128.store(to + at, value);
      else storeLanes(to + at, value, inner - i);
    }
  }
}
