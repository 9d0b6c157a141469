// float32 products of two activations. Many rows share panels that are packed from b; few rows read b where it lies.
import { sums4 } from "./lanes";
import { packColumns, packRows } from "./pack-f32";
import { panelsF32 } from "./product-f32";
import { madd, SCRATCH_BYTES, scratch } from "./simd";

/** Terms of a sum that are added in one go, as in product-f32.ts. */
const DEPTH_BLOCK: i32 = 512;
const ROW_BLOCK: i32 = 96;
/** Panels of DEPTH_BLOCK terms that scratch holds beside what the tiles take: 16 KiB each. */
const PANEL_BLOCK: i32 = 16;
/** Up to so many rows packing costs more than it saves: of columns, and of rows. */
const FEW_ROWS: i32 = 8;
const FEW_ROWS_BY_ROWS: i32 = 5;

/**
 * [begin, end) counts batch * panels of 8 columns. a: rows of k; b: [k, n], or [n, k] where bByRows is not 0; y: [m, n].
 * offsets: for each of the batch the bytes at which its matrices of a and of b begin. zeros: n floats, up to whole panels.
 */
export function matmulF32(begin: i32, end: i32, a: usize, b: usize, y: usize, offsets: usize, zeros: usize, m: i32, k: i32, n: i32, bByRows: i32): void {
  const panels = (n + 7) >> 3;
  const yBytes: usize = <usize>m * <usize>n << 2;
  for (let i = begin; i < end; ) {
    const item = i / panels;
    const first = i - item * panels;
    const last = min(panels, first + end - i);
    const aAt = a + load<u32>(offsets + (item << 3));
    const bAt = b + load<u32>(offsets + (item << 3), 4);
    const yAt = y + item * yBytes;
    if (m > (bByRows ? FEW_ROWS_BY_ROWS : FEW_ROWS)) packedProduct(aAt, bAt, yAt, zeros, m, k, n, first, last, bByRows);
    else if (bByRows) dotProducts(aAt, bAt, yAt, <usize>n << 2, m, k, n, first, last);
    else rowCombinations(aAt, <usize>k << 2, bAt, yAt, m, k, n, first, last);
    i += last - first;
  }
}

function packedProduct(a: usize, b: usize, y: usize, zeros: usize, m: i32, k: i32, n: i32, panelBegin: i32, panelEnd: i32, bByRows: i32): void {
  // The first bytes of scratch are for tiles.
  const packed = scratch + 256;
  const aStep: usize = <usize>k << 2;
  const yStep: usize = <usize>n << 2;
  for (let panel = panelBegin; panel < panelEnd; panel += PANEL_BLOCK) {
    const stop = min(panel + PANEL_BLOCK, panelEnd);
    for (let term = 0; term == 0 || term < k; term += DEPTH_BLOCK) {
      const terms = min(DEPTH_BLOCK, k - term);
      const panelStep: usize = <usize>terms << 5;
      for (let p = panel; p < stop; p++) {
        const to = packed + (p - panel) * panelStep;
        if (bByRows) packRows(b + (<usize>p << 3) * aStep + (term << 2), aStep, min(8, n - (p << 3)), terms, to);
        else packColumns(b + term * yStep + (p << 5), yStep, terms, to);
      }
      const w = packed - panel * panelStep;
      for (let row = 0; row < m; row += ROW_BLOCK) {
        const at = y + row * yStep;
        panelsF32(min(ROW_BLOCK, m - row), a + row * aStep + (term << 2), aStep, w, panelStep, terms, panel, stop, n, term == 0 ? zeros : at, term == 0 ? 0 : yStep, at, yStep);
      }
    }
  }
}

/** Rows of y as sums of the rows of b, 32 columns at a time. */
export function rowCombinations(a: usize, aStep: usize, b: usize, y: usize, m: i32, k: i32, n: i32, panelBegin: i32, panelEnd: i32): void {
  const step: usize = <usize>n << 2;
  let panel = panelBegin;
  const full = min(panelEnd, n >> 3);
  for (; panel + 4 <= full; panel += 4)
    for (let row = 0; row < m; row++) combine32(a + row * aStep, k, b + (panel << 5), step, y + row * step + (panel << 5));
  for (; panel < panelEnd; panel++)
    for (let row = 0; row < m; row++) {
      const to = y + row * step + (panel << 5);
      if (panel < full) combine8(a + row * aStep, k, b + (panel << 5), step, to);
      else {
        combine8(a + row * aStep, k, b + (panel << 5), step, scratch);
        memory.copy(to, scratch, (n - (panel << 3)) << 2);
      }
    }
}

function combine32(a: usize, k: i32, b: usize, bStep: usize, to: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  for (const end = a + (<usize>k << 2); a < end; a += 4, b += bStep) {
    const x = v128.load32_splat(a);
    s0 = madd(x, v128.load(b), s0);
    s1 = madd(x, v128.load(b, 16), s1);
    s2 = madd(x, v128.load(b, 32), s2);
    s3 = madd(x, v128.load(b, 48), s3);
    s4 = madd(x, v128.load(b, 64), s4);
    s5 = madd(x, v128.load(b, 80), s5);
    s6 = madd(x, v128.load(b, 96), s6);
    s7 = madd(x, v128.load(b, 112), s7);
  }
  v128.store(to, s0);
  v128.store(to, s1, 16);
  v128.store(to, s2, 32);
  v128.store(to, s3, 48);
  v128.store(to, s4, 64);
  v128.store(to, s5, 80);
  v128.store(to, s6, 96);
  v128.store(to, s7, 112);
}

function combine8(a: usize, k: i32, b: usize, bStep: usize, to: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (const end = a + (<usize>k << 2); a < end; a += 4, b += bStep) {
    const x = v128.load32_splat(a);
    s0 = madd(x, v128.load(b), s0);
    s1 = madd(x, v128.load(b, 16), s1);
  }
  v128.store(to, s0);
  v128.store(to, s1, 16);
}

/** Every row of a with every row of b, 8 of those at a time. Rows of y are yStep bytes apart. */
export function dotProducts(a: usize, b: usize, y: usize, yStep: usize, m: i32, k: i32, n: i32, panelBegin: i32, panelEnd: i32): void {
  const step: usize = <usize>k << 2;
  for (let panel = panelBegin; panel < panelEnd; panel++) {
    const count = min(8, n - (panel << 3));
    for (let row = 0; row < m; row++) {
      dot8(a + row * step, b + (<usize>panel << 3) * step, step, k, count, scratch);
      memory.copy(y + row * yStep + (panel << 5), scratch, count << 2);
    }
  }
}

function dot8(a: usize, b: usize, bStep: usize, k: i32, count: i32, to: usize): void {
  // Rows that there are none of repeat the last one.
  const last = b + (count - 1) * bStep;
  let b0 = b;
  let b1 = min(b + bStep, last);
  let b2 = min(b + 2 * bStep, last);
  let b3 = min(b + 3 * bStep, last);
  let b4 = min(b + 4 * bStep, last);
  let b5 = min(b + 5 * bStep, last);
  let b6 = min(b + 6 * bStep, last);
  let b7 = min(b + 7 * bStep, last);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  for (const end = a + ((k & ~3) << 2); a < end; a += 16) {
    const x = v128.load(a);
    s0 = madd(x, v128.load(b0), s0);
    s1 = madd(x, v128.load(b1), s1);
    s2 = madd(x, v128.load(b2), s2);
    s3 = madd(x, v128.load(b3), s3);
    s4 = madd(x, v128.load(b4), s4);
    s5 = madd(x, v128.load(b5), s5);
    s6 = madd(x, v128.load(b6), s6);
    s7 = madd(x, v128.load(b7), s7);
    b0 += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
    b4 += 16;
    b5 += 16;
    b6 += 16;
    b7 += 16;
  }
  let low = sums4(s0, s1, s2, s3);
  let high = sums4(s4, s5, s6, s7);
  for (const end = a + ((k & 3) << 2); a < end; a += 4) {
    const x = v128.load32_splat(a);
    low = madd(x, f32x4(load<f32>(b0), load<f32>(b1), load<f32>(b2), load<f32>(b3)), low);
    high = madd(x, f32x4(load<f32>(b4), load<f32>(b5), load<f32>(b6), load<f32>(b7)), high);
    b0 += 4;
    b1 += 4;
    b2 += 4;
    b3 += 4;
    b4 += 4;
    b5 += 4;
    b6 += 4;
    b7 += 4;
  }
  v128.store(to, low);
  v128.store(to, high, 16);
}
