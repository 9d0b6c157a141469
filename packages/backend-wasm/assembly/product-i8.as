// Products of 8-bit codes: rows of activations with packed weights, in int32, exactly (mod 2^32).
//
// sum((x - xZero)(w - wZero)) = sum(x w) - wZero sum(x) - xZero sum(w - wZero). The last term depends on the channel alone
// and is in the values that the sums start with. The second takes the sums of the rows: a product with ones.
import { activate } from "./activation";
import { finishPanel, Finish, resultShift } from "./finish";
import { gatherWindows, Geometry } from "./geometry";
import {
  tileCodes_1, tileCodes_2, tileCodes_3, tileCodes_4, tileCodes_5, tileCodes_6, tileDot_1x1, tileDot_1x4, tileDot_2x1, tileDot_2x2, tileDot_3x1, tileDot_4x1, tileDot_5x1, tileDot_6x1,
  tileWide_1x2, tileWide_2x2, tileWide_3x1, tileWide_4x1, tileWide_5x1, tileWide_6x1,
} from "./gen/tiles";
import { SCRATCH_BYTES, scratch } from "./simd";
import { rowsOfTile } from "./tiling";

/** What does not change from run to run. src/weighted/codes.ts writes it, in this order. */
@unmanaged
export class CodeProduct {
  rows: i32;
  depth: i32;
  groups: i32;
  /** Sums of one group. */
  channels: i32;
  /** Elements of a group in a position of the input. */
  groupChannels: i32;
  /** 0: the rows are those of the input. */
  geometry: usize;
  /** Bytes from a row of the input to the next. */
  rowStep: i32;
  /** Activations are: 0: bytes, as the relaxed dot product takes them; 1: 16 bits, less their zero point. */
  wide: i32;
  /** Whether ranges count panels, else rows. */
  byPanels: i32;
  /** Where weights have zero points: a panel whose first column is ones; the zero points, panel by panel. Else 0. */
  ones: usize;
  zeros: usize;
  finish: Finish;
}

/** Rows of a block: their activations stay in the second-level cache for all panels, their sums in the first-level one. */
const BLOCK_ROWS: i32 = 192;
const BLOCK_BYTES: i32 = 3 << 16;
/** Parts of scratch: for stores of less than a vector; sums of a panel; sums of rows; windows. */
const SUMS: usize = 64;
const ROW_SUMS: usize = SUMS + (BLOCK_ROWS << 5);
const WINDOWS: usize = ROW_SUMS + (BLOCK_ROWS << 5);

/**
 * w: for each group, panels of [quads of terms][8 channels][4 terms] int8, terms and channels filled up with zeros. init: what sums
 * start with, 8 for each panel. padding: address of the code that stands for 0. y: rows of all groups. rowScales: see
 * finishPanel. [begin, end) counts rows, or the panels of all groups.
 */
export function productI8(begin: i32, end: i32, product: usize, x: usize, padding: usize, w: usize, init: usize, y: usize, rowScales: usize, rowScaleStep: i32): void {
  const p = changetype<CodeProduct>(product);
  const panels = (p.channels + 7) >> 3;
  const groupBytes: usize = <usize>panels * (<usize>((p.depth + 3) >> 2) << 5);
  const rowBegin = p.byPanels ? 0 : begin;
  const rowEnd = p.byPanels ? p.rows : end;
  const shift = p.wide;
  const resultBytes: usize = <usize>p.channels << resultShift(p.finish);
  const yStep = p.groups * resultBytes;
  const aStep: usize = p.geometry == 0 ? p.rowStep : (((<usize>p.depth << shift) + 15) & ~15);
  const block = blockRows(aStep, p.geometry != 0);
  for (let row = rowBegin; row < rowEnd; row += block) {
    const rows = min(block, rowEnd - row);
    for (let group = 0; group < p.groups; group++) {
      const first = group * panels;
      const panelBegin = p.byPanels ? max(begin - first, 0) : 0;
      const panelEnd = p.byPanels ? min(end - first, panels) : panels;
      if (panelBegin >= panelEnd) continue;
      let a = x + row * aStep;
      if (p.geometry != 0) {
        a = scratch + WINDOWS;
        gatherWindows(changetype<Geometry>(p.geometry), x, shift, group * p.groupChannels, row, rows, a, aStep, load<i32>(padding));
      }
      const to = y + row * yStep + group * resultBytes;
      rowBlock(p, rows, a, aStep, w + group * groupBytes, init + (first << 5), first, panelBegin, panelEnd, to, yStep, rowScales + row * rowScaleStep, rowScaleStep);
    }
  }
}

/** As many rows as the table above allows; a whole number of the largest tiles if there are so many. */
export function blockRows(aStep: usize, gathered: bool): i32 {
  const bytes = gathered ? min(BLOCK_BYTES, <i32>(SCRATCH_BYTES - WINDOWS - 64)) : BLOCK_BYTES;
  const fitting = min(bytes / max(<i32>aStep, 1), BLOCK_ROWS);
  if (fitting >= 6) return fitting - (fitting % 6);
  return gathered ? max(fitting, 1) : 6;
}

/** A block of rows of one group, whose panels are numbered from `first` on. */
export function rowBlock(p: CodeProduct, rows: i32, a: usize, aStep: usize, w: usize, init: usize, first: i32, panelBegin: i32, panelEnd: i32, y: usize, yStep: usize, rowScales: usize, rowScaleStep: usize): void {
  const quads = (p.depth + 3) >> 2;
  const panelBytes: usize = <usize>quads << 5;
  const sums = scratch + SUMS;
  const shift = resultShift(p.finish);
  if (p.ones != 0) tiles(p.wide, rows, quads, a, aStep, p.ones, scratchZeros(), scratch + ROW_SUMS);
  // Whole panels of many rows become codes in registers.
  let fused = 0;
  // @ts-ignore: a constant of the build
  if (RELAXED && !p.wide && p.finish.kind == 1 && p.ones == 0 && rows > 2) fused = min(panelEnd, p.channels >> 3);
  for (let panel = panelBegin; panel < panelEnd; ) {
    if (panel < fused) {
      codeTiles(rows, quads, a, aStep, w + panel * panelBytes, init + (panel << 5), p.finish, first + panel, y + (panel << 3), yStep);
      panel++;
      continue;
    }
    const left = panelEnd - panel;
    const b = w + panel * panelBytes;
    const from = init + (panel << 5);
    // Few rows take several panels at once, to have enough independent sums in flight.
    let width = 1;
    // @ts-ignore: a constant of the build
    if (RELAXED && !p.wide && rows == 1 && left >= 4) {
      tileDot_1x4(quads, a, aStep, b, panelBytes, from, 0, sums, 128);
      width = 4;
    // @ts-ignore: a constant of the build
    } else if (RELAXED && !p.wide && rows == 2 && left >= 2) {
      tileDot_2x2(quads, a, aStep, b, panelBytes, from, 0, sums, 64);
      width = 2;
    } else tiles(p.wide, rows, quads, a, aStep, b, from, sums);
    for (let i = 0; i < width; i++, panel++) {
      const at = sums + (i << 5);
      if (p.ones != 0) subtractZeros(rows, at, width << 5, p.zeros + ((first + panel) << 5));
      const column = panel << 3;
      finishPanel(p.finish, rows, at, width << 5, first + panel, min(p.channels - column, 8), y + (column << shift), yStep, rowScales, rowScaleStep);
    }
  }
  if (p.finish.kind == 2 && p.finish.fn != 0) {
    const column = panelBegin << 3;
    const count = min(p.channels, panelEnd << 3) - column;
    for (let row = 0; row < rows; row++) activate(p.finish.fn, p.finish.alpha, p.finish.beta, y + row * yStep + (column << shift), count);
  }
}

/** Rows of 8 sums from one panel. */
function tiles(wide: i32, rows: i32, quads: i32, a: usize, aStep: usize, b: usize, init: usize, sums: usize): void {
  for (let row = 0; row < rows; ) {
    const height = rowsOfTile(rows - row);
    // @ts-ignore: a constant of the build
    if (RELAXED && !wide) dotTile(height, quads, a, aStep, b, init, sums);
    else wideTile(height, quads, a, aStep, b, init, sums);
    row += height;
    a += height * aStep;
    sums += height << 5;
  }
}

function dotTile(height: i32, quads: i32, a: usize, aStep: usize, b: usize, init: usize, c: usize): void {
  switch (height) {
    case 6: return tileDot_6x1(quads, a, aStep, b, 0, init, 0, c, 32);
    case 5: return tileDot_5x1(quads, a, aStep, b, 0, init, 0, c, 32);
    case 4: return tileDot_4x1(quads, a, aStep, b, 0, init, 0, c, 32);
    case 3: return tileDot_3x1(quads, a, aStep, b, 0, init, 0, c, 32);
    case 2: return tileDot_2x1(quads, a, aStep, b, 0, init, 0, c, 32);
    default: return tileDot_1x1(quads, a, aStep, b, 0, init, 0, c, 32);
  }
}

/** Rows of 8 codes from one panel. */
function codeTiles(rows: i32, quads: i32, a: usize, aStep: usize, b: usize, init: usize, f: Finish, panel: i32, y: usize, yStep: usize): void {
  // @ts-ignore: a constant of the build
  if (!RELAXED) return;
  const multipliers = f.scales + (panel << 5);
  while (rows > 0) {
    const height = rowsOfTile(rows);
    let count = 1;
    if (height == 6) {
      count = max((rows - 5) / 6, 1);
      tileCodes_6(count, quads, a, aStep, b, init, multipliers, f, y, yStep);
    } else if (height == 5) tileCodes_5(1, quads, a, aStep, b, init, multipliers, f, y, yStep);
    else if (height == 4) tileCodes_4(1, quads, a, aStep, b, init, multipliers, f, y, yStep);
    else if (height == 3) tileCodes_3(1, quads, a, aStep, b, init, multipliers, f, y, yStep);
    else if (height == 2) tileCodes_2(1, quads, a, aStep, b, init, multipliers, f, y, yStep);
    else tileCodes_1(1, quads, a, aStep, b, init, multipliers, f, y, yStep);
    const done = count * height;
    rows -= done;
    a += done * aStep;
    y += done * yStep;
  }
}

/** Three rows or more have registers for half a panel at a time. */
function wideTile(height: i32, quads: i32, a: usize, aStep: usize, b: usize, init: usize, c: usize): void {
  if (height == 1) return tileWide_1x2(quads, a, aStep, b, init, 0, c, 32);
  if (height == 2) return tileWide_2x2(quads, a, aStep, b, init, 0, c, 32);
  for (let half = 0; half < 2; half++, b += 16, init += 16, c += 16) {
    if (height == 6) tileWide_6x1(quads, a, aStep, b, init, 0, c, 32);
    else if (height == 5) tileWide_5x1(quads, a, aStep, b, init, 0, c, 32);
    else if (height == 4) tileWide_4x1(quads, a, aStep, b, init, 0, c, 32);
    else tileWide_3x1(quads, a, aStep, b, init, 0, c, 32);
  }
}

/** Eight zeros to start sums with. */
function scratchZeros(): usize {
  v128.store(scratch, i32x4.splat(0));
  v128.store(scratch, i32x4.splat(0), 16);
  return scratch;
}

/** sums -= sum of the row * zero point of the channel. */
function subtractZeros(rows: i32, sums: usize, sumStep: usize, zeros: usize): void {
  const z0 = v128.load(zeros), z1 = v128.load(zeros, 16);
  let rowSums = scratch + ROW_SUMS;
  for (let row = 0; row < rows; row++, sums += sumStep, rowSums += 32) {
    const sum = v128.load32_splat(rowSums);
    v128.store(sums, i32x4.sub(v128.load(sums), i32x4.mul(sum, z0)));
    v128.store(sums, i32x4.sub(v128.load(sums, 16), i32x4.mul(sum, z1)), 16);
  }
}
