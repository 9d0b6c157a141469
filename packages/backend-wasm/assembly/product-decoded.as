// float32 products of activation rows with packed weights: linear, and conv2d over windows laid out as rows. Weights become
// floats in registers for one row, else a part of a panel at a time, in a place that stays in the first-level cache.
import { activate } from "./activation";
import { decodePanel, Packed } from "./decode";
import { gatherWindows, Geometry } from "./geometry";
import { panelsF32 } from "./product-f32";
import { hasRowPath, rowDecoded } from "./row-decoded";
import { SCRATCH_BYTES, scratch } from "./simd";

/** Terms of one panel that become floats in one go: 8 * 512 floats. */
const PART: i32 = 512;
/** Rows that take their turn with a part. */
const ROW_BLOCK: i32 = 96;
/** Scratch: a tile's columns, the decoded part, and the windows. */
const DECODED: usize = 256;
const WINDOWS: usize = DECODED + PART * 32 + 256;

/**
 * productF32 (product-f32.as) with weights that are decoded as they are used: w has panels as `packed`, a Packed, says.
 */
export function productDecoded(begin: i32, end: i32, packed: usize, byPanels: i32, x: usize, geometry: usize, channel: i32, w: usize, bias: usize, y: usize, yStep: usize, rows: i32, depth: i32, channels: i32, fn: i32, alpha: f32, beta: f32): void {
  const p = changetype<Packed>(packed);
  const rowBegin = byPanels ? 0 : begin;
  const rowEnd = byPanels ? rows : end;
  const panelBegin = byPanels ? begin : 0;
  const panelEnd = byPanels ? end : (channels + 7) >> 3;
  const rowBytes: usize = <usize>depth << 2;
  const fitting = <i32>(SCRATCH_BYTES - WINDOWS - 256) / max(depth << 2, 1);
  const block = geometry == 0 ? ROW_BLOCK : max(min(ROW_BLOCK, fitting), 1);
  const from = panelBegin << 3;
  const count = min(channels, panelEnd << 3) - from;
  for (let row = rowBegin; row < rowEnd; row += block) {
    const height = min(block, rowEnd - row);
    let a = x + row * rowBytes;
    if (geometry != 0) {
      a = scratch + WINDOWS;
      gatherWindows(changetype<Geometry>(geometry), x, 2, channel, row, height, a, rowBytes, 0);
    }
    const to = y + row * yStep;
    if (height == 1 && hasRowPath(p, depth)) oneRow(p, a, depth, w, panelBegin, panelEnd, channels, bias, to);
    else rowBlock(p, height, a, rowBytes, depth, w, panelBegin, panelEnd, channels, bias, to, yStep);
    if (fn != 0) for (let r = 0; r < height; r++) activate(fn, alpha, beta, to + r * yStep + (from << 2), count);
  }
}

function oneRow(p: Packed, a: usize, depth: i32, w: usize, panelBegin: i32, panelEnd: i32, channels: i32, bias: usize, y: usize): void {
  for (let panel = panelBegin; panel < panelEnd; panel++) {
    rowDecoded(p, a, depth, w + panel * p.panelBytes, scratch);
    const end = min(channels, (panel + 1) << 3) << 2;
    for (let i = panel << 5; i < end; i += 4) store<f32>(y + i, load<f32>(scratch + (i & 31)) + load<f32>(bias + i));
  }
}

/** Part by part. Few rows take the parts of several panels at once: their tiles have more columns. */
function rowBlock(p: Packed, rows: i32, a: usize, aStep: usize, depth: i32, w: usize, panelBegin: i32, panelEnd: i32, channels: i32, bias: usize, y: usize, yStep: usize): void {
  const together = rows <= 2 ? 4 : 1;
  const limit = PART / together;
  const part = p.size < limit ? limit - (limit % p.size) : limit;
  const decoded = scratch + DECODED;
  for (let panel = panelBegin; panel < panelEnd; panel += together) {
    const last = min(panel + together, panelEnd);
    let k = 0;
    do {
      let terms = min(part, depth - k);
      if (p.size > limit) terms = min(terms, p.size - (k % p.size));
      // The floats that are too many are those of the next panel, which come after.
      const step: usize = <usize>terms << 5;
      for (let i = panel; i < last; i++) decodePanel(p, w + i * p.panelBytes, k, terms, decoded + (i - panel) * step);
      const init = k == 0 ? bias : y;
      const initStep = k == 0 ? 0 : yStep;
      panelsF32(rows, a + (k << 2), aStep, decoded - panel * step, step, terms, panel, last, channels, init, initStep, y, yStep);
      k += terms;
    } while (k < depth);
  }
}
