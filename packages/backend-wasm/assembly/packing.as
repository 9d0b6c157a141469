// Codes of less than a byte, the first in the low bits, from and to codes of a byte.
import * as code from "../src/codes";

/** Bytes from packed codes, up to 15 more than `count`. Signed codes keep their sign. */
export function unpack(format: i32, from: usize, to: usize, count: i32): void {
  const end = to + count;
  switch (format) {
    case code.INT4: return unpack4(8, from, to, end);
    case code.UINT4: return unpack4(0, from, to, end);
    case code.INT2: return unpack2(2, from, to, end);
    default: return unpack2(0, from, to, end);
  }
}

/** sign: the bit that means minus, or 0. */
// @ts-ignore: decorator
@inline
function unpack4(sign: i8, from: usize, to: usize, end: usize): void {
  const mask = i8x16.splat(15);
  const bit = i8x16.splat(sign);
  for (; to < end; from += 8, to += 16) {
    const pairs = v128.load64_zero(from);
    const even = v128.and(pairs, mask);
    const odd = v128.and(i16x8.shr_u(pairs, 4), mask);
    const codes = v128.shuffle<i8>(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    v128.store(to, i8x16.sub(v128.xor(codes, bit), bit));
  }
}

// @ts-ignore: decorator
@inline
function unpack2(sign: i8, from: usize, to: usize, end: usize): void {
  const mask = i8x16.splat(3);
  const bit = i8x16.splat(sign);
  for (; to < end; from += 4, to += 16) {
    const quads = v128.load32_zero(from);
    const a = v128.and(quads, mask);
    const b = v128.and(i16x8.shr_u(quads, 2), mask);
    const c = v128.and(i16x8.shr_u(quads, 4), mask);
    const d = v128.and(i16x8.shr_u(quads, 6), mask);
    const ab = v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const cd = v128.shuffle<i8>(c, d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const codes = v128.shuffle<i16>(ab, cd, 0, 8, 1, 9, 2, 10, 3, 11);
    v128.store(to, i8x16.sub(v128.xor(codes, bit), bit));
  }
}

/** Packed codes from the low bits of bytes, up to 15 more than `count`. */
export function pack(format: i32, from: usize, to: usize, count: i32): void {
  const end = from + count;
  if (format == code.INT4 || format == code.UINT4) {
    for (; from < end; from += 16, to += 8) {
      const codes = v128.and(v128.load(from), i8x16.splat(15));
      const pairs = v128.and(v128.or(codes, i16x8.shr_u(codes, 4)), i16x8.splat(0xff));
      store<u64>(to, i64x2.extract_lane(i8x16.narrow_i16x8_u(pairs, pairs), 0));
    }
    return;
  }
  for (; from < end; from += 16, to += 4) {
    const codes = v128.and(v128.load(from), i8x16.splat(3));
    const pairs = v128.and(v128.or(codes, i16x8.shr_u(codes, 6)), i16x8.splat(15));
    const quads = v128.and(v128.or(pairs, i32x4.shr_u(pairs, 12)), i32x4.splat(0xff));
    const words = i16x8.narrow_i32x4_u(quads, quads);
    store<u32>(to, i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0));
  }
}
