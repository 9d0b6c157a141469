// Reductions of rows and of columns.
import { expF32x4 } from "./exp";
import { firstLanes, storeLanes } from "./lanes";
import { madd } from "./simd";

// The folds: types without a value, so that a function of them is compiled for each, and asks which at no cost.
class Sum {}
class Absolutes {}
class Squares {}
class Product {}
class Max {}
class Min {}
/** Sum of exp(x - shift). */
class Exponentials {}
class SumI32 {}
class AbsolutesI32 {}
class SquaresI32 {}
class ProductI32 {}
class MaxI32 {}
class MinI32 {}

// Their numbers in src/kernels/reduce.ts; those of int32 follow, without the last.
const SUM: i32 = 0;
const ABSOLUTES: i32 = 1;
const SQUARES: i32 = 2;
const PRODUCT: i32 = 3;
const MAX: i32 = 4;
const MIN: i32 = 5;
const EXPONENTIALS: i32 = 6;
const INTEGER: i32 = 8;

/** Whether two types are the same, known when the code is compiled. */
// @ts-ignore: decorator
@inline
function is<A, B>(): bool {
  return idof<A>() == idof<B>();
}

// What is done to what was folded.
const MEAN: i32 = 1;
const ROOT: i32 = 2;
const LOGARITHM: i32 = 3;

/** The number that changes nothing. */
// @ts-ignore: decorator
@inline
function neutral<F>(): v128 {
  if (is<F, Product>()) return f32x4.splat(1);
  if (is<F, Max>() || is<F, Exponentials>()) return f32x4.splat(-Infinity);
  if (is<F, Min>()) return f32x4.splat(Infinity);
  if (is<F, ProductI32>()) return i32x4.splat(1);
  if (is<F, MaxI32>()) return i32x4.splat(i32.MIN_VALUE);
  if (is<F, MinI32>()) return i32x4.splat(i32.MAX_VALUE);
  return i32x4.splat(0);
}

// @ts-ignore: decorator
@inline
function start<F>(): v128 {
  return is<F, Exponentials>() ? f32x4.splat(0) : neutral<F>();
}

// @ts-ignore: decorator
@inline
function step<F>(sum: v128, x: v128, shift: v128): v128 {
  if (is<F, Absolutes>()) return f32x4.add(sum, f32x4.abs(x));
  if (is<F, Squares>()) return madd(x, x, sum);
  if (is<F, Exponentials>()) return f32x4.add(sum, expF32x4(f32x4.sub(x, shift)));
  if (is<F, AbsolutesI32>()) return i32x4.add(sum, i32x4.abs(x));
  if (is<F, SquaresI32>()) return i32x4.add(sum, i32x4.mul(x, x));
  return join<F>(sum, x);
}

// @ts-ignore: decorator
@inline
function addsI32<F>(): bool {
  return is<F, SumI32>() || is<F, AbsolutesI32>() || is<F, SquaresI32>();
}

/** Two folded parts as one. */
// @ts-ignore: decorator
@inline
function join<F>(a: v128, b: v128): v128 {
  if (is<F, Product>()) return f32x4.mul(a, b);
  if (is<F, Max>()) return f32x4.max(a, b);
  if (is<F, Min>()) return f32x4.min(a, b);
  if (is<F, ProductI32>()) return i32x4.mul(a, b);
  if (is<F, MaxI32>()) return i32x4.max_s(a, b);
  if (is<F, MinI32>()) return i32x4.min_s(a, b);
  if (addsI32<F>()) return i32x4.add(a, b);
  return f32x4.add(a, b);
}

/** All elements of a row; the result is in every lane. */
function foldRow<F>(x: usize, length: i32, shift: v128): v128 {
  let a = start<F>();
  let b = a;
  let c = a;
  let d = a;
  let i = 0;
  for (; i + 16 <= length; i += 16) {
    const at = x + (i << 2);
    a = step<F>(a, v128.load(at), shift);
    b = step<F>(b, v128.load(at, 16), shift);
    c = step<F>(c, v128.load(at, 32), shift);
    d = step<F>(d, v128.load(at, 48), shift);
  }
  for (; i < length; i += 4) {
    const here = v128.bitselect(v128.load(x + (i << 2)), neutral<F>(), firstLanes(length - i));
    a = step<F>(a, here, shift);
  }
  a = join<F>(join<F>(a, b), join<F>(c, d));
  a = join<F>(a, v128.shuffle<i64>(a, a, 1, 0));
  return join<F>(a, v128.shuffle<i32>(a, a, 1, 0, 3, 2));
}

/** exp(x - shift) neither overflows nor vanishes; infinite terms need no help, and a difference of two would be NaN. */
// @ts-ignore: decorator
@inline
function shiftFor(largest: v128): v128 {
  return v128.and(largest, f32x4.lt(f32x4.abs(largest), f32x4.splat(Infinity)));
}

function finished(finish: i32, count: f32, value: v128, shift: v128): v128 {
  if (finish == MEAN) return f32x4.div(value, f32x4.splat(count));
  if (finish == ROOT) return f32x4.sqrt(value);
  if (finish != LOGARITHM) return value;
  const logarithm = f32x4(
    Mathf.log(f32x4.extract_lane(value, 0)),
    Mathf.log(f32x4.extract_lane(value, 1)),
    Mathf.log(f32x4.extract_lane(value, 2)),
    Mathf.log(f32x4.extract_lane(value, 3)),
  );
  return f32x4.add(logarithm, shift);
}

function eachRow<F>(begin: i32, end: i32, x: usize, y: usize, length: i32, finish: i32, count: f32): void {
  let shift = f32x4.splat(0);
  for (let row = begin; row < end; row++) {
    const from = x + ((<usize>row * length) << 2);
    if (is<F, Exponentials>()) shift = shiftFor(foldRow<Max>(from, length, shift));
    const value = finished(finish, count, foldRow<F>(from, length, shift), shift);
    v128.store32_lane(y + (row << 2), value, 0);
  }
}

/** [rows, length] to [rows]; [begin, end) counts rows. `count` is what a mean divides by. */
export function reduceRows(begin: i32, end: i32, x: usize, y: usize, length: i32, fold: i32, finish: i32, count: f32): void {
  switch (fold) {
    case SUM: return eachRow<Sum>(begin, end, x, y, length, finish, count);
    case ABSOLUTES: return eachRow<Absolutes>(begin, end, x, y, length, finish, count);
    case SQUARES: return eachRow<Squares>(begin, end, x, y, length, finish, count);
    case PRODUCT: return eachRow<Product>(begin, end, x, y, length, finish, count);
    case MAX: return eachRow<Max>(begin, end, x, y, length, finish, count);
    case MIN: return eachRow<Min>(begin, end, x, y, length, finish, count);
    case EXPONENTIALS: return eachRow<Exponentials>(begin, end, x, y, length, finish, count);
    case INTEGER + SUM: return eachRow<SumI32>(begin, end, x, y, length, finish, count);
    case INTEGER + ABSOLUTES: return eachRow<AbsolutesI32>(begin, end, x, y, length, finish, count);
    case INTEGER + SQUARES: return eachRow<SquaresI32>(begin, end, x, y, length, finish, count);
    case INTEGER + PRODUCT: return eachRow<ProductI32>(begin, end, x, y, length, finish, count);
    case INTEGER + MAX: return eachRow<MaxI32>(begin, end, x, y, length, finish, count);
    default: return eachRow<MinI32>(begin, end, x, y, length, finish, count);
  }
}

/** Four columns of `length` elements, `bytes` apart. */
function foldFour<F>(x: usize, bytes: usize, length: i32, shift: v128): v128 {
  let sum = start<F>();
  for (const stop = x + length * bytes; x < stop; x += bytes) sum = step<F>(sum, v128.load(x), shift);
  return sum;
}

function eachColumn<F>(begin: i32, end: i32, x: usize, y: usize, length: i32, inner: i32, finish: i32, count: f32): void {
  const bytes: usize = <usize>inner << 2;
  const blocks = (inner + 15) >> 4;
  const none = f32x4.splat(0);
  for (let i = begin; i < end; i++) {
    const outer = i / blocks;
    let column = (i - outer * blocks) << 4;
    const stop = min(column + 16, inner);
    const lines = x + <usize>outer * length * bytes;
    const to = y + outer * bytes;
    if (!is<F, Exponentials>() && column + 16 <= stop) {
      let a = start<F>();
      let b = a;
      let c = a;
      let d = a;
      let at = lines + (column << 2);
      for (const last = at + length * bytes; at < last; at += bytes) {
        a = step<F>(a, v128.load(at), none);
        b = step<F>(b, v128.load(at, 16), none);
        c = step<F>(c, v128.load(at, 32), none);
        d = step<F>(d, v128.load(at, 48), none);
      }
      const here = to + (column << 2);
      v128.store(here, finished(finish, count, a, none));
      v128.store(here, finished(finish, count, b, none), 16);
      v128.store(here, finished(finish, count, c, none), 32);
      v128.store(here, finished(finish, count, d, none), 48);
      continue;
    }
    for (; column < stop; column += 4) {
      const at = lines + (column << 2);
      const shift = is<F, Exponentials>() ? shiftFor(foldFour<Max>(at, bytes, length, none)) : none;
      const value = finished(finish, count, foldFour<F>(at, bytes, length, shift), shift);
      if (column + 4 <= stop) v128.store(to + (column << 2), value);
      else storeLanes(to + (column << 2), value, stop - column);
    }
  }
}

/** [outer, length, inner] to [outer, inner]; [begin, end) counts outer * sixteens of inner. */
export function reduceColumns(begin: i32, end: i32, x: usize, y: usize, length: i32, inner: i32, fold: i32, finish: i32, count: f32): void {
  switch (fold) {
    case SUM: return eachColumn<Sum>(begin, end, x, y, length, inner, finish, count);
    case ABSOLUTES: return eachColumn<Absolutes>(begin, end, x, y, length, inner, finish, count);
    case SQUARES: return eachColumn<Squares>(begin, end, x, y, length, inner, finish, count);
    case PRODUCT: return eachColumn<Product>(begin, end, x, y, length, inner, finish, count);
    case MAX: return eachColumn<Max>(begin, end, x, y, length, inner, finish, count);
    case MIN: return eachColumn<Min>(begin, end, x, y, length, inner, finish, count);
    case EXPONENTIALS: return eachColumn<Exponentials>(begin, end, x, y, length, inner, finish, count);
    case INTEGER + SUM: return eachColumn<SumI32>(begin, end, x, y, length, inner, finish, count);
    case INTEGER + ABSOLUTES: return eachColumn<AbsolutesI32>(begin, end, x, y, length, inner, finish, count);
    case INTEGER + SQUARES: return eachColumn<SquaresI32>(begin, end, x, y, length, inner, finish, count);
    case INTEGER + PRODUCT: return eachColumn<ProductI32>(begin, end, x, y, length, inner, finish, count);
    case INTEGER + MAX: return eachColumn<MaxI32>(begin, end, x, y, length, inner, finish, count);
    default: return eachColumn<MinI32>(begin, end, x, y, length, inner, finish, count);
  }
}

/** The same of int64, one by one; [begin, end) counts outer * inner. */
export function reduceI64(begin: i32, end: i32, x: usize, y: usize, length: i32, inner: i32, fold: i32): void {
  for (let i = begin; i < end; i++) {
    const outer = i / inner;
    let at = x + ((<usize>outer * length * inner + (i - outer * inner)) << 3);
    let sum: i64 = fold == MAX ? i64.MIN_VALUE : fold == MIN ? i64.MAX_VALUE : fold == PRODUCT ? 1 : 0;
    for (let k = 0; k < length; k++, at += <usize>inner << 3) {
      const value = load<i64>(at);
      if (fold == SUM) sum += value;
      else if (fold == ABSOLUTES) sum += value < 0 ? -value : value;
      else if (fold == SQUARES) sum += value * value;
      else if (fold == PRODUCT) sum *= value;
      else if (fold == MAX) sum = max(sum, value);
      else sum = min(sum, value);
    }
    store<i64>(y + (<usize>i << 3), sum);
  }
}
