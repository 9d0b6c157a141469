// Weighted sums along one axis: linear and cubic resize, one axis after the other.
import { storeLanes } from "./lanes";
import { madd } from "./simd";

/**
 * [outer, from, inner] to [outer, to, inner]. table: for each position of the output `taps` indices of the
 * input, and `taps` weights. [begin, end) counts outer * to.
 */
export function interpolateBlocks(begin: i32, end: i32, x: usize, y: usize, table: usize, taps: i32, from: i32, to: i32, inner: i32): void {
  const bytes: usize = <usize>inner << 2;
  for (let i = begin; i < end; i++) {
    const outer = i / to;
    const indices = table + (((i - outer * to) * taps) << 3);
    const weights = indices + (taps << 2);
    const source = x + <usize>(outer * from) * bytes;
    const target = y + <usize>i * bytes;
    if (taps == 2) sum2(source, bytes, indices, weights, target, inner);
    else if (taps == 4) sum4(source, bytes, indices, weights, target, inner);
    else sumAll(source, bytes, indices, weights, taps, target, inner);
  }
}

/** Two terms. */
function sum2(x: usize, bytes: usize, indices: usize, weights: usize, y: usize, inner: i32): void {
  const x0 = x + load<u32>(indices) * bytes;
  const x1 = x + load<u32>(indices, 4) * bytes;
  const w0 = v128.load32_splat(weights);
  const w1 = v128.load32_splat(weights, 4);
  const whole: usize = (<usize>inner << 2) & ~15;
  for (let at: usize = 0; at < whole; at += 16)
    v128.store(y + at, madd(w1, v128.load(x1 + at), f32x4.mul(w0, v128.load(x0 + at))));
  if (whole < bytes) storeLanes(y + whole, madd(w1, v128.load(x1 + whole), f32x4.mul(w0, v128.load(x0 + whole))), inner & 3);
}

function sum4(x: usize, bytes: usize, indices: usize, weights: usize, y: usize, inner: i32): void {
  const x0 = x + load<u32>(indices) * bytes;
  const x1 = x + load<u32>(indices, 4) * bytes;
  const x2 = x + load<u32>(indices, 8) * bytes;
  const x3 = x + load<u32>(indices, 12) * bytes;
  const w0 = v128.load32_splat(weights);
  const w1 = v128.load32_splat(weights, 4);
  const w2 = v128.load32_splat(weights, 8);
  const w3 = v128.load32_splat(weights, 12);
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = f32x4.mul(w0, v128.load(x0 + at));
    sum = madd(w1, v128.load(x1 + at), sum);
    sum = madd(w2, v128.load(x2 + at), sum);
    sum = madd(w3, v128.load(x3 + at), sum);
    if (at + 16 <= bytes) v128.store(y + at, sum);
    else storeLanes(y + at, sum, inner & 3);
  }
}

/** Any number of terms. */
function sumAll(x: usize, bytes: usize, indices: usize, weights: usize, taps: i32, y: usize, inner: i32): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = f32x4.splat(0);
    for (let t = 0; t < taps << 2; t += 4)
      sum = madd(v128.load32_splat(weights + t), v128.load(x + at + load<u32>(indices + t) * bytes), sum);
    if (at + 16 <= bytes) v128.store(y + at, sum);
    else storeLanes(y + at, sum, inner & 3);
  }
}

/**
 * [outer, from] to [outer, to], four positions at a time. table: for each four of the output `taps` times four offsets in
 * bytes and four weights. [begin, end) counts outer.
 */
export function interpolateRows(begin: i32, end: i32, x: usize, y: usize, table: usize, taps: i32, from: i32, to: i32): void {
  for (let i = begin; i < end; i++) {
    const source = x + (<usize>(i * from) << 2);
    const target = y + (<usize>(i * to) << 2);
    let at = table;
    for (let j = 0; j < to; j += 4) {
      let sum = f32x4.splat(0);
      for (const stop = at + (<usize>taps << 5); at < stop; at += 32) {
        let four = v128.load32_zero(source + load<u32>(at));
        four = v128.load32_lane(source + load<u32>(at, 4), four, 1);
        four = v128.load32_lane(source + load<u32>(at, 8), four, 2);
        four = v128.load32_lane(source + load<u32>(at, 12), four, 3);
        sum = madd(v128.load(at, 16), four, sum);
      }
      if (j + 4 <= to) v128.store(target + (j << 2), sum);
      else storeLanes(target + (j << 2), sum, to - j);
    }
  }
}

/** y[outer, to, inner] = value wherever the byte that `outside` has for the position along `to` is not 0. */
export function extrapolate(begin: i32, end: i32, y: usize, outside: usize, to: i32, inner: i32, value: f32): void {
  for (let i = begin; i < end; i++) {
    if (load<u8>(outside + (i % to)) == 0) continue;
    const start = y + (<usize>(i * inner) << 2);
    for (let k = 0; k < inner; k++) store<f32>(start + (k << 2), value);
  }
}
