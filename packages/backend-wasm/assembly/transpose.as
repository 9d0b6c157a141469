// Matrices turned, tile by tile in registers.

/** y[columns, rows] = x[rows, columns] transposed; elements of 1 << shift bytes, rows of either the given bytes apart. */
export function transposeMatrix(x: usize, xStep: usize, y: usize, yStep: usize, rows: i32, columns: i32, shift: i32): void {
  if (shift == 0) transposeAs<u8>(x, xStep, y, yStep, rows, columns);
  else if (shift == 1) transposeAs<u16>(x, xStep, y, yStep, rows, columns);
  else if (shift == 2) transposeAs<u32>(x, xStep, y, yStep, rows, columns);
  else transposeAs<u64>(x, xStep, y, yStep, rows, columns);
}

/** [batch, rows, columns] to [batch, columns, rows], elements of 1 << shift bytes. [begin, end) counts batch * columns. */
export function transposeMatrices(begin: i32, end: i32, x: usize, y: usize, rows: i32, columns: i32, shift: i32): void {
  const xStep: usize = <usize>columns << shift;
  const yStep: usize = <usize>rows << shift;
  for (let i = begin; i < end; ) {
    const matrix = i / columns;
    const column = i - matrix * columns;
    const count = min(columns - column, end - i);
    const from = x + <usize>matrix * <usize>rows * xStep + (column << shift);
    transposeMatrix(from, xStep, y + <usize>i * yStep, yStep, rows, count, shift);
    i += count;
  }
}

/** Rows that take their turn with all columns: the cache has all of their lines still when the next columns come. */
const ROW_BLOCK: i32 = 64;

/**
 * Tiles of as many rows and columns as fit in a register. The last tile of a row or column overlaps the one before it;
 * matrices smaller than a tile go one by one. Columns are taken 32 bytes at a time: half a cache line of x, and few
 * enough rows of y that all stay in the first-level cache while they fill.
 */
function transposeAs<T>(x: usize, xStep: usize, y: usize, yStep: usize, rows: i32, columns: i32): void {
  const size = sizeof<T>() == 1 ? 8 : 16 / <i32>sizeof<T>();
  if (rows < size || columns < size) {
    for (let column = 0; column < columns; column++) {
      let from = x + column * sizeof<T>();
      let to = y + column * yStep;
      for (const stop = to + rows * sizeof<T>(); to < stop; to += sizeof<T>(), from += xStep) store<T>(to, load<T>(from));
    }
    return;
  }
  const wide = 32 / <i32>sizeof<T>();
  for (let top = 0; top < rows; top += ROW_BLOCK) {
    const bottom = min(top + ROW_BLOCK, rows);
    for (let left = 0; left < columns; left += wide) {
      const right = min(left + wide, columns);
      for (let i = top; i < bottom; i += size) {
        const row = min(i, rows - size);
        for (let j = left; j < right; j += size) {
          const column = min(j, columns - size);
          tile<T>(x + row * xStep + column * sizeof<T>(), xStep, y + column * yStep + row * sizeof<T>(), yStep);
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function tile<T>(x: usize, xStep: usize, y: usize, yStep: usize): void {
  if (sizeof<T>() == 1) tile8(x, xStep, y, yStep);
  else if (sizeof<T>() == 2) tile16(x, xStep, y, yStep);
  else if (sizeof<T>() == 4) tile32(x, xStep, y, yStep);
  else tile64(x, xStep, y, yStep);
}

/** 4 x 4 elements of 32 bits. */
// @ts-ignore: decorator
@inline
export function tile32(x: usize, xStep: usize, y: usize, yStep: usize): void {
  const r0 = v128.load(x);
  const r1 = v128.load(x + xStep);
  const r2 = v128.load(x + 2 * xStep);
  const r3 = v128.load(x + 3 * xStep);
  const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(y + yStep, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(y + 2 * yStep, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(y + 3 * yStep, v128.shuffle<i64>(high01, high23, 1, 3));
}

// @ts-ignore: decorator
@inline
function tile64(x: usize, xStep: usize, y: usize, yStep: usize): void {
  const r0 = v128.load(x);
  const r1 = v128.load(x + xStep);
  v128.store(y, v128.shuffle<i64>(r0, r1, 0, 2));
  v128.store(y + yStep, v128.shuffle<i64>(r0, r1, 1, 3));
}

/** 8 x 8 elements of 16 bits: pairs of rows, then pairs of pairs, then of fours. */
// @ts-ignore: decorator
@inline
function tile16(x: usize, xStep: usize, y: usize, yStep: usize): void {
  const r0 = v128.load(x);
  const r1 = v128.load(x + xStep);
  const r2 = v128.load(x + 2 * xStep);
  const r3 = v128.load(x + 3 * xStep);
  const low01 = v128.shuffle<i16>(r0, r1, 0, 8, 1, 9, 2, 10, 3, 11);
  const high01 = v128.shuffle<i16>(r0, r1, 4, 12, 5, 13, 6, 14, 7, 15);
  const low23 = v128.shuffle<i16>(r2, r3, 0, 8, 1, 9, 2, 10, 3, 11);
  const high23 = v128.shuffle<i16>(r2, r3, 4, 12, 5, 13, 6, 14, 7, 15);
  const a01 = v128.shuffle<i32>(low01, low23, 0, 4, 1, 5);
  const a23 = v128.shuffle<i32>(low01, low23, 2, 6, 3, 7);
  const a45 = v128.shuffle<i32>(high01, high23, 0, 4, 1, 5);
  const a67 = v128.shuffle<i32>(high01, high23, 2, 6, 3, 7);
  const r4 = v128.load(x + 4 * xStep);
  const r5 = v128.load(x + 5 * xStep);
  const r6 = v128.load(x + 6 * xStep);
  const r7 = v128.load(x + 7 * xStep);
  const low45 = v128.shuffle<i16>(r4, r5, 0, 8, 1, 9, 2, 10, 3, 11);
  const high45 = v128.shuffle<i16>(r4, r5, 4, 12, 5, 13, 6, 14, 7, 15);
  const low67 = v128.shuffle<i16>(r6, r7, 0, 8, 1, 9, 2, 10, 3, 11);
  const high67 = v128.shuffle<i16>(r6, r7, 4, 12, 5, 13, 6, 14, 7, 15);
  const b01 = v128.shuffle<i32>(low45, low67, 0, 4, 1, 5);
  const b23 = v128.shuffle<i32>(low45, low67, 2, 6, 3, 7);
  const b45 = v128.shuffle<i32>(high45, high67, 0, 4, 1, 5);
  const b67 = v128.shuffle<i32>(high45, high67, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<i64>(a01, b01, 0, 2));
  v128.store(y + yStep, v128.shuffle<i64>(a01, b01, 1, 3));
  v128.store(y + 2 * yStep, v128.shuffle<i64>(a23, b23, 0, 2));
  v128.store(y + 3 * yStep, v128.shuffle<i64>(a23, b23, 1, 3));
  v128.store(y + 4 * yStep, v128.shuffle<i64>(a45, b45, 0, 2));
  v128.store(y + 5 * yStep, v128.shuffle<i64>(a45, b45, 1, 3));
  v128.store(y + 6 * yStep, v128.shuffle<i64>(a67, b67, 0, 2));
  v128.store(y + 7 * yStep, v128.shuffle<i64>(a67, b67, 1, 3));
}

/** 8 x 8 bytes, of which a register holds two rows. */
// @ts-ignore: decorator
@inline
function tile8(x: usize, xStep: usize, y: usize, yStep: usize): void {
  const r01 = bytePairs(x, xStep);
  const r23 = bytePairs(x + 2 * xStep, xStep);
  const r45 = bytePairs(x + 4 * xStep, xStep);
  const r67 = bytePairs(x + 6 * xStep, xStep);
  const low03 = v128.shuffle<i16>(r01, r23, 0, 8, 1, 9, 2, 10, 3, 11);
  const high03 = v128.shuffle<i16>(r01, r23, 4, 12, 5, 13, 6, 14, 7, 15);
  const low47 = v128.shuffle<i16>(r45, r67, 0, 8, 1, 9, 2, 10, 3, 11);
  const high47 = v128.shuffle<i16>(r45, r67, 4, 12, 5, 13, 6, 14, 7, 15);
  storeHalves(y, yStep, v128.shuffle<i32>(low03, low47, 0, 4, 1, 5));
  storeHalves(y + 2 * yStep, yStep, v128.shuffle<i32>(low03, low47, 2, 6, 3, 7));
  storeHalves(y + 4 * yStep, yStep, v128.shuffle<i32>(high03, high47, 0, 4, 1, 5));
  storeHalves(y + 6 * yStep, yStep, v128.shuffle<i32>(high03, high47, 2, 6, 3, 7));
}

/** Bytes of two rows in turn. */
// @ts-ignore: decorator
@inline
function bytePairs(x: usize, xStep: usize): v128 {
  return v128.shuffle<i8>(v128.load64_zero(x), v128.load64_zero(x + xStep), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function storeHalves(y: usize, yStep: usize, two: v128): void {
  v128.store64_lane(y, two, 0);
  v128.store64_lane(y + yStep, two, 1);
}
