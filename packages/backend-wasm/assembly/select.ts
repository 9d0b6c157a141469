// Strips of elements that are picked, not computed: by a condition, or from a table.

/** to[i] = condition[i] ? a[i] : b[i], elements of 1 << shift bytes. A step of 0: one vector of equal elements. */
export function selectStrip(shift: i32, condition: usize, conditionStep: i32, a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32): void {
  switch (shift) {
    case 0: return loop(0, condition, conditionStep, a, aStep, b, bStep, to, count);
    case 1: return loop(1, condition, conditionStep, a, aStep, b, bStep, to, count);
    case 2: return loop(2, condition, conditionStep, a, aStep, b, bStep, to, count);
    default: return loop(3, condition, conditionStep, a, aStep, b, bStep, to, count);
  }
}

// @ts-ignore: decorator
@inline
function loop(shift: i32, condition: usize, conditionStep: i32, a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32): void {
  const end = to + (count << shift);
  const c: usize = <usize>((conditionStep << 4) >> shift);
  const aBytes: usize = <usize>aStep << 4;
  const bBytes: usize = <usize>bStep << 4;
  for (; to < end; condition += c, a += aBytes, b += bBytes, to += 16)
    v128.store(to, v128.bitselect(v128.load(a), v128.load(b), mask(shift, condition)));
}

/** Ones where the conditions, which are bytes, are not 0. */
// @ts-ignore: decorator
@inline
function mask(shift: i32, condition: usize): v128 {
  const zero = i8x16.splat(0);
  if (shift == 0) return i8x16.ne(v128.load(condition), zero);
  if (shift == 1) return i16x8.ne(v128.load8x8_u(condition), zero);
  if (shift == 2) return i32x4.ne(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(condition))), zero);
  return i64x2.ne(i64x2(load<u8>(condition), load<u8>(condition, 1)), zero);
}

/** to[i] = table[from[i]], bytes, of a table of 256: sixteen parts of it, of which each index is in one. */
export function lookupStrip(from: usize, table: usize, to: usize, count: i32): void {
  const part = i8x16.splat(16);
  for (const end = to + count; to < end; from += 16, to += 16) {
    let index = v128.load(from);
    // An index beyond 15 gives 0.
    let found = v128.swizzle(v128.load(table), index);
    for (let i: usize = 16; i < 256; i += 16) {
      index = i8x16.sub(index, part);
      found = v128.or(found, v128.swizzle(v128.load(table + i), index));
    }
    v128.store(to, found);
  }
}
