// Strips of elements that are picked, not computed: by a condition, or from a table.

/** Ones where conditions, which are bytes, are not 0: as many as a vector has elements of T. */
// @ts-ignore: decorator
@inline
function mask<T>(condition: usize): v128 {
  const zero = i8x16.splat(0);
  if (sizeof<T>() == 1) return i8x16.ne(v128.load(condition), zero);
  if (sizeof<T>() == 2) return i16x8.ne(v128.load8x8_u(condition), zero);
  if (sizeof<T>() == 4)
    return i32x4.ne(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(condition))), zero);
  return i64x2.ne(i64x2(load<u8>(condition), load<u8>(condition, 1)), zero);
}

/** to[i] = condition[i] ? a[i] : b[i], elements of 1 << shift bytes. A step of 0: one vector of equal elements. */
export function selectStrip(shift: i32, condition: usize, conditionStep: i32, a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32): void {
  switch (shift) {
    case 0: return loop<u8>(condition, conditionStep, a, aStep, b, bStep, to, count);
    case 1: return loop<u16>(condition, conditionStep, a, aStep, b, bStep, to, count);
    case 2: return loop<u32>(condition, conditionStep, a, aStep, b, bStep, to, count);
    default: return loop<u64>(condition, conditionStep, a, aStep, b, bStep, to, count);
  }
}

function loop<T>(condition: usize, conditionStep: i32, a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32): void {
  const end = to + count * sizeof<T>();
  const cBytes: usize = <usize>conditionStep * (16 / sizeof<T>());
  const aBytes: usize = <usize>aStep << 4;
  const bBytes: usize = <usize>bStep << 4;
  for (; to < end; condition += cBytes, a += aBytes, b += bBytes, to += 16)
    v128.store(to, v128.bitselect(v128.load(a), v128.load(b), mask<T>(condition)));
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
