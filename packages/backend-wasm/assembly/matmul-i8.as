// Products of two activations, both of them 8-bit codes: the second is packed like weights, then everything is as with those.
import { blockRows, CodeProduct, rowBlock } from "./product-i8";
import { resultShift } from "./finish";

/**
 * Packs the panels [begin, end) of matrices that have `panels` each, and finds what sums start with. b: [k, n], or [n, k] where
 * byRows is not 0. flip: 128 where codes are uint8. aZero, bZero: the zero points of both, as the product takes codes.
 */
export function packMatrices(begin: i32, end: i32, b: usize, k: i32, n: i32, byRows: i32, flip: i32, aZero: i32, bZero: i32, w: usize, init: usize): void {
  const panels = (n + 7) >> 3;
  const matrixBytes: usize = <usize>k * <usize>n;
  const panelBytes: usize = <usize>((k + 3) >> 2) << 5;
  const top = i8x16.splat(<i8>flip);
  for (let i = begin; i < end; ) {
    const matrix = i / panels;
    const panel = i - matrix * panels;
    const count = min(min(PANEL_BLOCK, panels - panel), end - i);
    const from = b + matrix * matrixBytes;
    if (!byRows) packColumns(from + (panel << 3), k, n, count, top, w + i * panelBytes, panelBytes);
    for (const stop = i + count; i < stop; i++) {
      const to = w + i * panelBytes;
      if (byRows) packRows(from, k, (i - matrix * panels) << 3, n, top, to);
      startSums(to, panelBytes, aZero, k * bZero, init + (i << 5));
    }
  }
}

/** Panels that are packed together: their columns are a cache line. */
const PANEL_BLOCK: i32 = 8;

/** `count` panels of eight columns, four terms at a time. Columns that there are none of hold anything: their sums go nowhere. */
function packColumns(b: usize, k: i32, n: usize, count: i32, top: v128, to: usize, panelBytes: usize): void {
  for (let term = 0; term < k; term += 4, b += n << 2, to += 32) {
    let at = to;
    for (let from = b; from < b + (count << 3); from += 8, at += panelBytes) {
      const r01 = pairs(from, n, k - term, top);
      const r23 = term + 2 < k ? pairs(from + (n << 1), n, k - term - 2, top) : i8x16.splat(0);
      v128.store(at, v128.shuffle<i16>(r01, r23, 0, 8, 1, 9, 2, 10, 3, 11));
      v128.store(at, v128.shuffle<i16>(r01, r23, 4, 12, 5, 13, 6, 14, 7, 15), 16);
    }
  }
}

/** The bytes of two rows in turn, zeros for the second where only one is left. */
// @ts-ignore: decorator
@inline
function pairs(b: usize, n: usize, left: i32, top: v128): v128 {
  const first = v128.xor(v128.load64_zero(b), top);
  const second = left > 1 ? v128.xor(v128.load64_zero(b + n), top) : i8x16.splat(0);
  return v128.shuffle<i8>(first, second, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

/** The same from rows of k, of which the last stands for those that there are none of. */
function packRows(b: usize, k: i32, column: i32, n: i32, top: v128, to: usize): void {
  const flip = i32x4.extract_lane(top, 0);
  const whole = k & ~3;
  for (let i = 0; i < 8; i++) {
    const row = b + <usize>min(column + i, n - 1) * k;
    let at = to + (i << 2);
    for (let term = 0; term < whole; term += 4, at += 32) store<i32>(at, load<i32>(row + term) ^ flip);
    if (whole < k) store<i32>(at, (load<i32>(row + whole) ^ flip) & ((1 << ((k - whole) << 3)) - 1));
  }
}

/** init = -aZero * (sum of the column - offset). */
function startSums(panel: usize, bytes: usize, aZero: i32, offset: i32, init: usize): void {
  let low = i32x4.splat(0), high = low;
  for (let p = panel; p < panel + bytes; p += 32) {
    low = i32x4.add(low, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(p))));
    high = i32x4.add(high, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(p, 16))));
  }
  const factor = i32x4.splat(-aZero), offsets = i32x4.splat(offset);
  v128.store(init, i32x4.mul(factor, i32x4.sub(low, offsets)));
  v128.store(init, i32x4.mul(factor, i32x4.sub(high, offsets)), 16);
}

/**
 * [begin, end) counts the rows, or the panels, of all products. matrices: for each product the matrix of a and that of b.
 * a: matrices of rows; w, init: of `packMatrices`.
 */
export function matmulI8(begin: i32, end: i32, product: usize, matrices: usize, a: usize, w: usize, init: usize, y: usize, rowScales: usize): void {
  const p = changetype<CodeProduct>(product);
  const panels = (p.channels + 7) >> 3;
  const matrixBytes: usize = <usize>panels * (<usize>((p.depth + 3) >> 2) << 5);
  const aStep: usize = p.rowStep;
  const yStep: usize = <usize>p.channels << resultShift(p.finish);
  const units = p.byPanels ? panels : p.rows;
  const block = blockRows(aStep, false);
  for (let i = begin; i < end; ) {
    const item = i / units;
    const first = i - item * units;
    const last = min(units, first + end - i);
    const aAt = a + load<u32>(matrices + (item << 3)) * p.rows * aStep;
    const matrix = load<u32>(matrices + (item << 3), 4);
    const yAt = y + <usize>item * p.rows * yStep;
    const panelBegin = p.byPanels ? first : 0;
    const panelEnd = p.byPanels ? last : panels;
    const rowEnd = p.byPanels ? p.rows : last;
    for (let row = p.byPanels ? 0 : first; row < rowEnd; row += block)
      rowBlock(p, min(block, rowEnd - row), aAt + row * aStep, aStep, w + matrix * matrixBytes, init + ((matrix * panels) << 5), 0, panelBegin, panelEnd, yAt + row * yStep, yStep, rowScales, 0);
    i += last - first;
  }
}
