// softmax: exp(x - max) / sum, or its logarithm x - max - log(sum). NaN is left out of the maximum, but not of the sum.
import { expNegativeF32x4 } from "./exp";
import { firstLanes, largestLane, storeLanes, sumOfLanes } from "./lanes";

/** Along rows of `length` neighbours. [begin, end) counts rows. */
export function softmaxRows(begin: i32, end: i32, x: usize, y: usize, length: i32, log: i32): void {
  const bytes: usize = <usize>length << 2;
  for (let row = begin; row < end; row++) {
    const from = x + row * bytes;
    const to = y + row * bytes;
    const max = largest(from, length);
    const sum = log ? sumOfExponentials(from, length, max) : storeExponentials(from, to, length, max);
    if (log) subtract(from, to, length, max, Mathf.log(sum));
    else multiply(to, to, length, 1 / sum);
  }
}

/** The largest of `count` floats that are not NaN. */
function largest(x: usize, count: i32): f32 {
  let a = f32x4.splat(-Infinity);
  let b = a;
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    a = f32x4.pmax(a, v128.load(x + (i << 2)));
    b = f32x4.pmax(b, v128.load(x + (i << 2), 16));
  }
  for (; i < count; i += 4) {
    const lanes = firstLanes(count - i);
    b = f32x4.pmax(b, v128.bitselect(v128.load(x + (i << 2)), f32x4.splat(-Infinity), lanes));
  }
  return largestLane(f32x4.pmax(a, b));
}

/** y = exp(x - max); returns the sum. */
function storeExponentials(x: usize, y: usize, count: i32, max: f32): f32 {
  const shift = f32x4.splat(max);
  let sum = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const e = expNegativeF32x4(f32x4.sub(v128.load(x + (i << 2)), shift));
    sum = f32x4.add(sum, e);
    v128.store(y + (i << 2), e);
  }
  if (i < count) {
    const e = expNegativeF32x4(f32x4.sub(v128.load(x + (i << 2)), shift));
    sum = f32x4.add(sum, v128.and(e, firstLanes(count - i)));
    storeLanes(y + (i << 2), e, count - i);
  }
  return sumOfLanes(sum);
}

function sumOfExponentials(x: usize, count: i32, max: f32): f32 {
  const shift = f32x4.splat(max);
  let sum = f32x4.splat(0);
  for (let i = 0; i < count; i += 4) {
    const e = expNegativeF32x4(f32x4.sub(v128.load(x + (i << 2)), shift));
    sum = f32x4.add(sum, v128.and(e, firstLanes(count - i)));
  }
  return sumOfLanes(sum);
}

function multiply(x: usize, y: usize, count: i32, factor: f32): void {
  const by = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(y + (i << 2), f32x4.mul(v128.load(x + (i << 2)), by));
  if (i < count) storeLanes(y + (i << 2), f32x4.mul(v128.load(x + (i << 2)), by), count - i);
}

function subtract(x: usize, y: usize, count: i32, first: f32, second: f32): void {
  const a = f32x4.splat(first);
  const b = f32x4.splat(second);
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(y + (i << 2), f32x4.sub(f32x4.sub(v128.load(x + (i << 2)), a), b));
  if (i < count) storeLanes(y + (i << 2), f32x4.sub(f32x4.sub(v128.load(x + (i << 2)), a), b), count - i);
}

/** Along the middle of [outer, length, inner]. [begin, end) counts outer * four neighbours of the inner ones. */
export function softmaxColumns(begin: i32, end: i32, x: usize, y: usize, length: i32, inner: i32, log: i32): void {
  const step: usize = <usize>inner << 2;
  const fours = (inner + 3) >> 2;
  for (let i = begin; i < end; i++) {
    const outer = i / fours;
    const column = (i - outer * fours) << 2;
    const start = <usize>outer * <usize>length * step + (column << 2);
    softmaxFour(x + start, y + start, step, length, min(4, inner - column), log);
  }
}

function softmaxFour(x: usize, y: usize, step: usize, length: i32, lanes: i32, log: i32): void {
  const stop = x + length * step;
  let max = f32x4.splat(-Infinity);
  for (let p = x; p < stop; p += step) max = f32x4.pmax(max, v128.load(p));
  let sum = f32x4.splat(0);
  for (let p = x; p < stop; p += step) sum = f32x4.add(sum, expNegativeF32x4(f32x4.sub(v128.load(p), max)));
  const logs = log ? logarithms(sum) : sum;
  const factors = f32x4.div(f32x4.splat(1), sum);
  for (let p = x, to = y; p < stop; p += step, to += step) {
    const shifted = f32x4.sub(v128.load(p), max);
    const value = log ? f32x4.sub(shifted, logs) : f32x4.mul(expNegativeF32x4(shifted), factors);
    if (lanes == 4) v128.store(to, value);
    else storeLanes(to, value, lanes);
  }
}

function logarithms(x: v128): v128 {
  return f32x4(
    Mathf.log(f32x4.extract_lane(x, 0)),
    Mathf.log(f32x4.extract_lane(x, 1)),
    Mathf.log(f32x4.extract_lane(x, 2)),
    Mathf.log(f32x4.extract_lane(x, 3)),
  );
}
