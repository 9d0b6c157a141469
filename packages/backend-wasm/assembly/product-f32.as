// float32 products of activation rows with packed weights: linear, and conv2d over windows laid out as rows.
import { activate } from "./activation";
import { gatherWindows, Geometry } from "./geometry";
import { tileF32_1x1, tileF32_1x4, tileF32_2x1, tileF32_2x2, tileF32_3x1, tileF32_4x1, tileF32_5x1, tileF32_6x1 } from "./gen/tiles";
import { rowsOfTile } from "./tiling";
import { SCRATCH_BYTES, scratch } from "./simd";

/** Terms of a sum that are added in one go: a panel's part, 8 * 512 floats, stays in the first-level cache. */
const DEPTH_BLOCK: i32 = 512;
/** Rows that take their turn with a panel: with DEPTH_BLOCK terms they stay in the second-level cache. */
const ROW_BLOCK: i32 = 96;

/**
 * y[rows, channels of panels [panelBegin, panelEnd)] = init + a * w. a: `rows` rows of `depth` floats, aStep bytes apart.
 * w: panels of [k][8], panelStep bytes apart, already at the first term. initStep 0: one row of biases.
 */
export function panelsF32(rows: i32, a: usize, aStep: usize, w: usize, panelStep: usize, depth: i32, panelBegin: i32, panelEnd: i32, channels: i32, init: usize, initStep: usize, y: usize, yStep: usize): void {
  let panel = panelBegin;
  const full = min(panelEnd, channels >> 3);
  if (rows == 1)
    for (; panel + 4 <= full; panel += 4)
      tileF32_1x4(depth, a, aStep, w + panel * panelStep, panelStep, init + (panel << 5), initStep, y + (panel << 5), yStep);
  if (rows == 2)
    for (; panel + 2 <= full; panel += 2)
      tileF32_2x2(depth, a, aStep, w + panel * panelStep, panelStep, init + (panel << 5), initStep, y + (panel << 5), yStep);
  for (; panel < full; panel++) {
    const b = w + panel * panelStep;
    for (let row = 0; row < rows; ) {
      const height = rowsOfTile(rows - row);
      tile(height, depth, a + row * aStep, aStep, b, init + row * initStep + (panel << 5), initStep, y + row * yStep + (panel << 5), yStep);
      row += height;
    }
  }
  if (panel < panelEnd) {
    // The last panel has columns that y has not: they pass through scratch.
    const b = w + panel * panelStep;
    const bytes = (channels - (panel << 3)) << 2;
    for (let row = 0; row < rows; ) {
      const height = rowsOfTile(rows - row);
      for (let r = 0; r < height; r++) copyColumns(scratch + (r << 5), init + (row + r) * initStep + (panel << 5), bytes);
      tile(height, depth, a + row * aStep, aStep, b, scratch, 32, scratch, 32);
      for (let r = 0; r < height; r++) copyColumns(y + (row + r) * yStep + (panel << 5), scratch + (r << 5), bytes);
      row += height;
    }
  }
}

function tile(height: i32, depth: i32, a: usize, aStep: usize, b: usize, init: usize, initStep: usize, c: usize, cStep: usize): void {
  switch (height) {
    case 6: return tileF32_6x1(depth, a, aStep, b, 0, init, initStep, c, cStep);
    case 5: return tileF32_5x1(depth, a, aStep, b, 0, init, initStep, c, cStep);
    case 4: return tileF32_4x1(depth, a, aStep, b, 0, init, initStep, c, cStep);
    case 3: return tileF32_3x1(depth, a, aStep, b, 0, init, initStep, c, cStep);
    case 2: return tileF32_2x1(depth, a, aStep, b, 0, init, initStep, c, cStep);
    default: return tileF32_1x1(depth, a, aStep, b, 0, init, initStep, c, cStep);
  }
}

function copyColumns(to: usize, from: usize, bytes: i32): void {
  for (let i = 0; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
}

/** The block of rows for all of its panels, depth block by depth block, then through the activation. */
function rowBlock(rows: i32, a: usize, aStep: usize, w: usize, depth: i32, panelBegin: i32, panelEnd: i32, channels: i32, bias: usize, y: usize, yStep: usize, fn: i32, alpha: f32, beta: f32): void {
  const panelStep: usize = <usize>depth << 5;
  for (let k = 0; k == 0 || k < depth; k += DEPTH_BLOCK) {
    const terms = min(DEPTH_BLOCK, depth - k);
    const first = k == 0;
    panelsF32(rows, a + (k << 2), aStep, w + (k << 5), panelStep, terms, panelBegin, panelEnd, channels, first ? bias : y, first ? 0 : yStep, y, yStep);
  }
  if (fn != 0) {
    const from = panelBegin << 3;
    const count = min(channels, panelEnd << 3) - from;
    for (let row = 0; row < rows; row++) activate(fn, alpha, beta, y + row * yStep + (from << 2), count);
  }
}

/**
 * One group. [begin, end) counts rows, or panels where byPanels is not 0. geometry 0: rows of x are rows of activations;
 * else they are windows, of the group's channels from `channel` on. w: panels of [depth][8]; bias: 8 for each panel;
 * y: rows of yStep bytes.
 */
export function productF32(begin: i32, end: i32, byPanels: i32, x: usize, geometry: usize, channel: i32, w: usize, bias: usize, y: usize, yStep: usize, rows: i32, depth: i32, channels: i32, fn: i32, alpha: f32, beta: f32): void {
  const panels = (channels + 7) >> 3;
  const rowBegin = byPanels ? 0 : begin;
  const rowEnd = byPanels ? rows : end;
  const panelBegin = byPanels ? begin : 0;
  const panelEnd = byPanels ? end : panels;
  // The first bytes of scratch are for tiles.
  const windows = scratch + 256;
  const fitting = <i32>(SCRATCH_BYTES - 512) / max(depth << 2, 1);
  const block = geometry == 0 ? ROW_BLOCK : min(ROW_BLOCK, max(fitting < 6 ? fitting : fitting - (fitting % 6), 1));
  const rowBytes: usize = <usize>depth << 2;
  for (let row = rowBegin; row < rowEnd; row += block) {
    const count = min(block, rowEnd - row);
    let a = x + row * rowBytes;
    if (geometry != 0) {
      gatherWindows(changetype<Geometry>(geometry), x, 2, channel, row, count, windows, rowBytes, 0);
      a = windows;
    }
    rowBlock(count, a, rowBytes, w, depth, panelBegin, panelEnd, channels, bias, y + row * yStep, yStep, fn, alpha, beta);
  }
}
