// Products of quantized activations with weights in blocks: the tiles of scripts/block-tiles.mjs over rows and panels.
import { activate } from "./activation";
import { tileBlocks2, tileBlocks2Wide, tileBlocks4, tileBlocks4Wide, tileBlocks8, tileBlocks8Wide } from "./gen/block-tiles";
import { scratch } from "./simd";

/** Rows that take their turn with a panel: their codes stay in the second-level cache. */
const ROW_BLOCK: i32 = 96;
/** Rows of the tallest tile. */
const TALLEST: i32 = 4;

/**
 * y[rows, channels] = act(sum over blocks + bias). [begin, end) counts rows, or panels where byPanels is not 0. a: rows
 * that quantizeBlocks wrote, aStep bytes apart; w: panels of 8 channels (src/weighted/pack-blocks.ts), with codes of
 * `bits` bits and, where zeroPoints is not 0, zero points; bias: 8 for each panel. wide: with products of 16 bits.
 */
export function productBlocks(begin: i32, end: i32, byPanels: i32, a: usize, aStep: usize, w: usize, bias: usize, y: usize, rows: i32, channels: i32, blocks: i32, quads: i32, bits: i32, wide: i32, zeroPoints: i32, fn: i32, alpha: f32, beta: f32): void {
  const rowEnd = byPanels ? rows : end;
  const panelBegin = byPanels ? begin : 0;
  const panelEnd = byPanels ? end : (channels + 7) >> 3;
  const panelStep: usize = blocks * (32 + (zeroPoints ? 32 : 0) + quads * bits * 4);
  const yStep: usize = <usize>channels << 2;
  const from = panelBegin << 3;
  const count = min(channels, panelEnd << 3) - from;
  for (let first = byPanels ? 0 : begin; first < rowEnd; first += ROW_BLOCK) {
    const last = min(first + ROW_BLOCK, rowEnd);
    for (let panel = panelBegin; panel < panelEnd; ) {
      const panels = last - first == 1 && panel + 1 < panelEnd ? 2 : 1;
      const columns = min(channels - (panel << 3), panels << 3);
      for (let row = first; row < last; ) {
        const height = heightOf(last - row);
        tile(bits, wide, height, panels, blocks, quads, a + row * aStep, aStep, w + panel * panelStep, panelStep, zeroPoints);
        for (let r = 0; r < height; r++)
          addBias(y + (row + r) * yStep + (panel << 5), scratch + r * (panels << 5), bias + (panel << 5), columns);
        row += height;
      }
      panel += panels;
    }
    if (fn != 0) for (let row = first; row < last; row++) activate(fn, alpha, beta, y + row * yStep + (from << 2), count);
  }
}

/** As tall as can be, but 5 rows are 3 and 2: one row alone costs the most. */
function heightOf(rows: i32): i32 {
  return rows == TALLEST + 1 ? 3 : min(rows, TALLEST);
}

/** A tile's sums, to scratch. */
// @ts-ignore: decorator
@inline
function tile(bits: i32, wide: i32, rows: i32, panels: i32, blocks: i32, quads: i32, a: usize, aStep: usize, w: usize, wStep: usize, zeroPoints: i32): void {
  const mask = (1 << bits) - 1;
  // @ts-ignore: a constant of the build
  if (RELAXED && !wide) {
    if (bits == 8) return tileBlocks8(rows, panels, blocks, quads, a, aStep, w, wStep, zeroPoints, mask, scratch);
    if (bits == 4) return tileBlocks4(rows, panels, blocks, quads, a, aStep, w, wStep, zeroPoints, mask, scratch);
    return tileBlocks2(rows, panels, blocks, quads, a, aStep, w, wStep, zeroPoints, mask, scratch);
  }
  if (bits == 8) return tileBlocks8Wide(rows, panels, blocks, quads, a, aStep, w, wStep, zeroPoints, mask, scratch);
  if (bits == 4) return tileBlocks4Wide(rows, panels, blocks, quads, a, aStep, w, wStep, zeroPoints, mask, scratch);
  return tileBlocks2Wide(rows, panels, blocks, quads, a, aStep, w, wStep, zeroPoints, mask, scratch);
}

// @ts-ignore: decorator
@inline
function addBias(y: usize, sums: usize, bias: usize, columns: i32): void {
  for (; columns >= 4; columns -= 4, y += 16, sums += 16, bias += 16) v128.store(y, f32x4.add(v128.load(sums), v128.load(bias)));
  for (; columns > 0; columns--, y += 4, sums += 4, bias += 4) store<f32>(y, load<f32>(sums) + load<f32>(bias));
}
