// 3x3 convolutions in float32 with 16 products for four outputs of a channel instead of 36: Winograd's F(2x2, 3x3)
// (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.1). Images have their channels last.
import { activate } from "./activation";
import { Geometry } from "./geometry";
import { panelsF32 } from "./product-f32";
import { scratch } from "./simd";

/** Scratch: what panelsF32 uses, addresses of a patch, transformed patches, their products. */
const ADDRESSES: usize = 256;
const PATCHES: usize = 512;
/** Columns of products at a time: four panels. */
const COLUMNS: i32 = 32;
/** Bytes of transformed patches: with their products they stay in the second-level cache. */
const PATCH_BYTES: i32 = 1 << 18;

/**
 * [begin, end) counts blocks of `block` tiles of 2x2 outputs, over batch, height and width. w: 16 transformed
 * filters, each as panels of [channels][8]; bias: 8 for each panel; zeros: a row of zeros as long as a pixel and COLUMNS.
 */
export function winogradF32(begin: i32, end: i32, x: usize, geometry: usize, w: usize, bias: usize, zeros: usize, y: usize, block: i32, batch: i32, filters: i32, fn: i32, alpha: f32, beta: f32): void {
  const g = changetype<Geometry>(geometry);
  const down = (g.outHeight + 1) >> 1;
  const across = (g.outWidth + 1) >> 1;
  const tiles = batch * down * across;
  const pixel: usize = <usize>g.channels << 2;
  const patches = scratch + PATCHES;
  const products = patches + PATCH_BYTES;
  const panelBytes: usize = <usize>g.channels << 5;
  const filterBytes: usize = ((filters + 7) >> 3) * panelBytes;
  for (let b = begin; b < end; b++) {
    const first = b * block;
    const count = min(block, tiles - first);
    const patchStep: usize = count * pixel;
    for (let t = 0; t < count; t++) {
      addressPatch(g, x, first + t, down, across, zeros);
      transformPatch(patches + t * pixel, patchStep, pixel);
    }
    for (let column = 0; column < filters; column += COLUMNS) {
      const columns = min(COLUMNS, filters - column);
      const productStep: usize = count * (COLUMNS << 2);
      const panels = w + (<usize>column >> 3) * panelBytes;
      for (let i = 0; i < 16; i++)
        panelsF32(count, patches + i * patchStep, pixel, panels + i * filterBytes, panelBytes, g.channels, 0, (columns + 7) >> 3, columns, zeros, 0, products + i * productStep, COLUMNS << 2);
      for (let t = 0; t < count; t++)
        outputTile(g, first + t, down, across, products + t * (COLUMNS << 2), productStep, bias + (column << 2), y + (column << 2), columns, filters, fn, alpha, beta);
    }
  }
}

/** Addresses of the 4x4 pixels under a tile. */
function addressPatch(g: Geometry, x: usize, tile: i32, down: i32, across: i32, zeros: usize): void {
  const image = tile / (down * across);
  const rest = tile - image * down * across;
  const row = rest / across;
  const top = 2 * row - g.padTop;
  const left = 2 * (rest - row * across) - g.padLeft;
  const pixel: usize = <usize>g.channels << 2;
  const start = x + <usize>(image * g.height * g.width) * pixel;
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      const h = top + i;
      const v = left + j;
      const inside = h >= 0 && h < g.height && v >= 0 && v < g.width;
      store<usize>(scratch + ADDRESSES + ((i * 4 + j) << 2), inside ? start + <usize>(h * g.width + v) * pixel : zeros);
    }
}

// @ts-ignore: decorator
@inline
function pixelAt(index: i32, c: usize): v128 {
  return v128.load(load<usize>(scratch + ADDRESSES + (index << 2)) + c);
}

/** B^T d B, every one of its 16 numbers to its own matrix, `step` bytes apart. */
function transformPatch(to: usize, step: usize, bytes: usize): void {
  for (let c: usize = 0; c < bytes; c += 16) {
    // B^T d for three columns of d, then times B as soon as a row of it is complete.
    const d00 = pixelAt(0, c), d10 = pixelAt(4, c), d20 = pixelAt(8, c), d30 = pixelAt(12, c);
    const d02 = pixelAt(2, c), d12 = pixelAt(6, c), d22 = pixelAt(10, c), d32 = pixelAt(14, c);
    const r02 = f32x4.sub(d02, d22), r12 = f32x4.add(d12, d22), r22 = f32x4.sub(d22, d12), r32 = f32x4.sub(d12, d32);
    let at = to + c;
    v128.store(at, f32x4.sub(f32x4.sub(d00, d20), r02));
    v128.store(at + 4 * step, f32x4.sub(f32x4.add(d10, d20), r12));
    v128.store(at + 8 * step, f32x4.sub(f32x4.sub(d20, d10), r22));
    v128.store(at + 12 * step, f32x4.sub(f32x4.sub(d10, d30), r32));
    const d01 = pixelAt(1, c), d11 = pixelAt(5, c), d21 = pixelAt(9, c), d31 = pixelAt(13, c);
    const r01 = f32x4.sub(d01, d21), r11 = f32x4.add(d11, d21), r21 = f32x4.sub(d21, d11), r31 = f32x4.sub(d11, d31);
    at += step;
    v128.store(at, f32x4.add(r01, r02));
    v128.store(at + 4 * step, f32x4.add(r11, r12));
    v128.store(at + 8 * step, f32x4.add(r21, r22));
    v128.store(at + 12 * step, f32x4.add(r31, r32));
    at += step;
    v128.store(at, f32x4.sub(r02, r01));
    v128.store(at + 4 * step, f32x4.sub(r12, r11));
    v128.store(at + 8 * step, f32x4.sub(r22, r21));
    v128.store(at + 12 * step, f32x4.sub(r32, r31));
    const d03 = pixelAt(3, c), d13 = pixelAt(7, c), d23 = pixelAt(11, c), d33 = pixelAt(15, c);
    at += step;
    v128.store(at, f32x4.sub(r01, f32x4.sub(d03, d23)));
    v128.store(at + 4 * step, f32x4.sub(r11, f32x4.add(d13, d23)));
    v128.store(at + 8 * step, f32x4.sub(r21, f32x4.sub(d23, d13)));
    v128.store(at + 12 * step, f32x4.sub(r31, f32x4.sub(d13, d33)));
  }
}

/** The left of the two outputs of a row of products, and the right one. */
// @ts-ignore: decorator
@inline
function leftOf(at: usize, step: usize): v128 {
  return f32x4.add(f32x4.add(v128.load(at), v128.load(at + step)), v128.load(at + 2 * step));
}
// @ts-ignore: decorator
@inline
function rightOf(at: usize, step: usize): v128 {
  return f32x4.sub(f32x4.sub(v128.load(at + step), v128.load(at + 2 * step)), v128.load(at + 3 * step));
}

/** A^T m A plus bias, for as many of the 2x2 outputs as the image has. */
function outputTile(g: Geometry, tile: i32, down: i32, across: i32, m: usize, step: usize, bias: usize, y: usize, columns: i32, filters: i32, fn: i32, alpha: f32, beta: f32): void {
  const image = tile / (down * across);
  const rest = tile - image * down * across;
  const row = rest / across;
  const column = rest - row * across;
  const pixel: usize = <usize>filters << 2;
  const line: usize = g.outWidth * pixel;
  const to = y + <usize>(image * g.outHeight + 2 * row) * line + (<usize>column << 1) * pixel;
  const hasRow = 2 * row + 1 < g.outHeight;
  const hasColumn = 2 * column + 1 < g.outWidth;
  const rowStep = 4 * step;
  for (let c = 0; c < columns; c += 4) {
    const at = m + (c << 2);
    const start = v128.load(bias + (c << 2));
    const l1 = leftOf(at + rowStep, step), l2 = leftOf(at + 2 * rowStep, step);
    const top = f32x4.add(f32x4.add(f32x4.add(start, leftOf(at, step)), l1), l2);
    const bottom = f32x4.sub(f32x4.sub(f32x4.add(start, l1), l2), leftOf(at + 3 * rowStep, step));
    const r1 = rightOf(at + rowStep, step), r2 = rightOf(at + 2 * rowStep, step);
    const topRight = f32x4.add(f32x4.add(f32x4.add(start, rightOf(at, step)), r1), r2);
    const bottomRight = f32x4.sub(f32x4.sub(f32x4.add(start, r1), r2), rightOf(at + 3 * rowStep, step));
    const left = columns - c;
    const out = to + (c << 2);
    storeColumns(out, top, left);
    if (hasColumn) storeColumns(out + pixel, topRight, left);
    if (hasRow) storeColumns(out + line, bottom, left);
    if (hasRow && hasColumn) storeColumns(out + line + pixel, bottomRight, left);
  }
  if (fn == 0) return;
  activate(fn, alpha, beta, to, columns);
  if (hasColumn) activate(fn, alpha, beta, to + pixel, columns);
  if (hasRow) activate(fn, alpha, beta, to + line, columns);
  if (hasRow && hasColumn) activate(fn, alpha, beta, to + line + pixel, columns);
}

// @ts-ignore: decorator
@inline
function storeColumns(to: usize, sums: v128, left: i32): void {
  if (left >= 4) {
    v128.store(to, sums);
    return;
  }
  v128.store(scratch, sums);
  for (let i = 0; i < left << 2; i += 4) store<f32>(to + i, load<f32>(scratch + i));
}
