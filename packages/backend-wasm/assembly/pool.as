// Maximum and average of windows over images with the channels last, 64 bytes of channels at a time.

/** Written by src/kernels/pool2d.ts, in this order. Distances in bytes. */
@unmanaged
export class Pool {
  outHeight: i32;
  outWidth: i32;
  /** Bytes of one position, and of the image. */
  pixel: i32;
  image: i32;
  /** From one tap to the next. */
  down: i32;
  across: i32;
  /** A Window for each row and for each column of the output. */
  rows: usize;
  columns: usize;
}

/** The part of a window, along one axis, that lies within the image. */
@unmanaged
export class Window {
  /** Of the first tap. */
  start: i32;
  taps: i32;
  /** Positions that an average divides by. */
  count: i32;
}

// The kinds: types without a value, so that the loops are compiled for each.
class MaxF32 {}
class AverageF32 {}
class MaxU8 {}
class MaxI8 {}

// @ts-ignore: decorator
@inline
function is<A, B>(): bool {
  return idof<A>() == idof<B>();
}

/** [begin, end) counts batch * rows of the output. */
export function maxPoolF32(begin: i32, end: i32, x: usize, y: usize, pool: usize): void {
  eachWindow<MaxF32>(begin, end, x, y, pool);
}
export function averagePoolF32(begin: i32, end: i32, x: usize, y: usize, pool: usize): void {
  eachWindow<AverageF32>(begin, end, x, y, pool);
}
export function maxPoolU8(begin: i32, end: i32, x: usize, y: usize, pool: usize): void {
  eachWindow<MaxU8>(begin, end, x, y, pool);
}
export function maxPoolI8(begin: i32, end: i32, x: usize, y: usize, pool: usize): void {
  eachWindow<MaxI8>(begin, end, x, y, pool);
}

function eachWindow<K>(begin: i32, end: i32, x: usize, y: usize, record: usize): void {
  const pool = changetype<Pool>(record);
  const pixel = pool.pixel;
  let to = y + <usize>begin * pool.outWidth * pixel;
  for (let i = begin; i < end; i++) {
    const image = i / pool.outHeight;
    const row = changetype<Window>(pool.rows + (i - image * pool.outHeight) * offsetof<Window>());
    const line = x + <usize>image * pool.image + row.start;
    for (let j = 0; j < pool.outWidth; j++, to += pixel) {
      const column = changetype<Window>(pool.columns + j * offsetof<Window>());
      const count = f32x4.splat(<f32>(row.count * column.count));
      const from = line + column.start;
      let at = 0;
      for (; at + 64 <= pixel; at += 64) fold4<K>(from + at, row.taps, pool.down, column.taps, pool.across, count, to + at);
      for (; at < pixel; at += 16) {
        const value = fold1<K>(from + at, row.taps, pool.down, column.taps, pool.across, count);
        if (at + 16 <= pixel) v128.store(to + at, value);
        else storeBytes(to + at, value, pixel - at);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function start<K>(): v128 {
  if (is<K, MaxF32>()) return f32x4.splat(-Infinity);
  if (is<K, MaxI8>()) return i8x16.splat(-128);
  return i8x16.splat(0);
}

/** The larger of floats is the right one but for NaN, and for the sign of 0: `largest` sees to these. */
// @ts-ignore: decorator
@inline
function step<K>(sum: v128, x: v128): v128 {
  if (is<K, MaxF32>()) return f32x4.pmax(sum, x);
  if (is<K, MaxU8>()) return i8x16.max_u(sum, x);
  if (is<K, MaxI8>()) return i8x16.max_s(sum, x);
  return f32x4.add(sum, x);
}

// @ts-ignore: decorator
@inline
function finish<K>(sum: v128, count: v128): v128 {
  return is<K, AverageF32>() ? f32x4.div(sum, count) : sum;
}

/** Four vectors side by side. */
// @ts-ignore: decorator
@inline
function fold4<K>(x: usize, rows: i32, down: i32, columns: i32, across: i32, count: v128, to: usize): void {
  let a = start<K>();
  let b = a;
  let c = a;
  let d = a;
  // Of the floats: the sum, which is NaN where one of them is, and whether all signs are set.
  let nan = f32x4.splat(0);
  let signsA = i32x4.splat(-1);
  let signsB = signsA;
  let signsC = signsA;
  let signsD = signsA;
  for (let i = 0; i < rows; i++) {
    let at = x + i * down;
    for (let j = 0; j < columns; j++, at += across) {
      const x0 = v128.load(at);
      const x1 = v128.load(at, 16);
      const x2 = v128.load(at, 32);
      const x3 = v128.load(at, 48);
      a = step<K>(a, x0);
      b = step<K>(b, x1);
      c = step<K>(c, x2);
      d = step<K>(d, x3);
      if (is<K, MaxF32>()) {
        nan = f32x4.add(nan, f32x4.add(f32x4.add(x0, x1), f32x4.add(x2, x3)));
        signsA = v128.and(signsA, x0);
        signsB = v128.and(signsB, x1);
        signsC = v128.and(signsC, x2);
        signsD = v128.and(signsD, x3);
      }
    }
  }
  if (is<K, MaxF32>()) {
    if (v128.any_true(f32x4.ne(nan, nan))) {
      for (let i = 0; i < 64; i += 16) v128.store(to + i, largest(x + i, rows, down, columns, across));
      return;
    }
    a = withSign(a, signsA);
    b = withSign(b, signsB);
    c = withSign(c, signsC);
    d = withSign(d, signsD);
  }
  v128.store(to, finish<K>(a, count));
  v128.store(to, finish<K>(b, count), 16);
  v128.store(to, finish<K>(c, count), 32);
  v128.store(to, finish<K>(d, count), 48);
}

// @ts-ignore: decorator
@inline
function fold1<K>(x: usize, rows: i32, down: i32, columns: i32, across: i32, count: v128): v128 {
  if (is<K, MaxF32>()) return largest(x, rows, down, columns, across);
  let sum = start<K>();
  for (let i = 0; i < rows; i++) {
    let at = x + i * down;
    for (let j = 0; j < columns; j++, at += across) sum = step<K>(sum, v128.load(at));
  }
  return finish<K>(sum, count);
}

/** Where the largest is 0 there is no positive one: it is -0 if all signs are set. */
// @ts-ignore: decorator
@inline
function withSign(largest: v128, signs: v128): v128 {
  const zero = f32x4.splat(0);
  const sign = v128.and(v128.and(signs, f32x4.splat(-0.0)), f32x4.eq(largest, zero));
  // The sum is 0 where the largest is -0, and the largest elsewhere.
  return v128.or(f32x4.add(largest, zero), sign);
}

/** The maximum as IEEE 754-2019 has it, in many instructions. */
function largest(x: usize, rows: i32, down: i32, columns: i32, across: i32): v128 {
  let max = f32x4.splat(-Infinity);
  for (let i = 0; i < rows; i++) {
    let at = x + i * down;
    for (let j = 0; j < columns; j++, at += across) max = f32x4.max(max, v128.load(at));
  }
  return max;
}

/** The first `count` bytes, at most 15. */
function storeBytes(to: usize, x: v128, count: i32): void {
  if (count & 8) {
    v128.store64_lane(to, x, 0);
    x = v128.shuffle<i64>(x, x, 1, 1);
    to += 8;
  }
  if (count & 4) {
    v128.store32_lane(to, x, 0);
    x = v128.shuffle<i32>(x, x, 1, 2, 3, 3);
    to += 4;
  }
  if (count & 2) {
    v128.store16_lane(to, x, 0);
    x = v128.shuffle<i16>(x, x, 1, 2, 3, 4, 5, 6, 7, 7);
    to += 2;
  }
  if (count & 1) v128.store8_lane(to, x, 0);
}
