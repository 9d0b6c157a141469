// recurrent: all steps of an LSTM, GRU or simple recurrent layer, in float32. A step is the product of the states with the
// recurrent weights, which starts from what the inputs contribute, and then the cell, four units at a time. States are read
// from where the step before wrote its results, so that none are copied between steps.
//
// In all three, [begin, end) counts sequences. x: [length, batch, gates * hidden]; h, and c of an lstm: [batch, hidden]; y:
// [length, batch, hidden]; hLast and cLast: [batch, hidden]. w: the recurrent weights in panels of [hidden][8]. gates: memory
// for the sums of one step, [batch, gates * hidden]. What enters a gate is held between -clip and clip, which may be Infinity.
import { sigmoidGates, tanhGate, tanhState } from "./gates";
import { storeLanes } from "./lanes";
import { panelsF32 } from "./product-f32";
import { madd } from "./simd";

/** c = f c + i g; h = o tanh(c). Gates: i, o, f, g. */
export function lstmF32(begin: i32, end: i32, x: usize, h: usize, c: usize, y: usize, hLast: usize, cLast: usize, w: usize, gates: usize, length: i32, batch: i32, hidden: i32, reverse: i32, clip: f32): void {
  const rows = end - begin;
  const bytes: usize = <usize>hidden << 2;
  const sums = gates + begin * 4 * bytes;
  const cells = cLast + begin * bytes;
  memory.copy(cells, c + begin * bytes, rows * bytes);
  let last = h + begin * bytes;
  for (let step = 0; step < length; step++) {
    const row: usize = (reverse ? length - 1 - step : step) * batch + begin;
    const to = y + row * bytes;
    product(step, rows, last, bytes, w, hidden, 4 * hidden, x + row * 4 * bytes, 4 * bytes, sums, 4 * bytes);
    for (let b = 0; b < rows; b++) lstmUnits(sums + b * 4 * bytes, cells + b * bytes, to + b * bytes, hidden, clip);
    last = to;
  }
  memory.copy(hLast + begin * bytes, last, rows * bytes);
}

function lstmUnits(gates: usize, cells: usize, y: usize, hidden: i32, clip: f32): void {
  const bytes: usize = <usize>hidden << 2;
  sigmoidGates(gates, 3 * hidden, clip);
  for (let k = 0; k < hidden; k += 4, gates += 16, cells += 16, y += 16) {
    const g = tanhGate(v128.load(gates + 3 * bytes), clip);
    const c = madd(v128.load(gates + 2 * bytes), v128.load(cells), f32x4.mul(v128.load(gates), g));
    storeUnits(cells, c, hidden - k);
    storeUnits(y, f32x4.mul(v128.load(gates + bytes), tanhState(c)), hidden - k);
  }
}

/**
 * h = (1 - z) n + z h. Gates: z and r, whose weights are `w`, and n, with weights `wn`: tanh(x + R (r h)) or, where the
 * address `bias` is not 0, tanh(x + r (R h + bias)). products: memory for [batch, hidden], its rows filled up to whole vectors.
 */
export function gruF32(begin: i32, end: i32, x: usize, h: usize, y: usize, hLast: usize, w: usize, wn: usize, bias: usize, gates: usize, products: usize, length: i32, batch: i32, hidden: i32, reverse: i32, clip: f32): void {
  const rows = end - begin;
  const bytes: usize = <usize>hidden << 2;
  const vectors = (bytes + 15) & ~15;
  const sums = gates + begin * 3 * bytes;
  const p = products + begin * vectors;
  let last = h + begin * bytes;
  for (let step = 0; step < length; step++) {
    const row: usize = (reverse ? length - 1 - step : step) * batch + begin;
    const from = x + row * 3 * bytes;
    const to = y + row * bytes;
    product(step, rows, last, bytes, w, hidden, 2 * hidden, from, 3 * bytes, sums, 3 * bytes);
    for (let b = 0; b < rows; b++) sigmoidGates(sums + b * 3 * bytes, 2 * hidden, clip);
    if (bias != 0) {
      product(step, rows, last, bytes, wn, hidden, hidden, bias, 0, p, vectors);
      for (let b = 0; b < rows; b++) resetProducts(sums + b * 3 * bytes, from + b * 3 * bytes, p + b * vectors, hidden);
    } else {
      for (let b = 0; b < rows; b++) resetStates(sums + b * 3 * bytes, last + b * bytes, p + b * vectors, hidden);
      product(step, rows, p, vectors, wn, hidden, hidden, from + 2 * bytes, 3 * bytes, sums + 2 * bytes, 3 * bytes);
    }
    for (let b = 0; b < rows; b++) gruUnits(sums + b * 3 * bytes, last + b * bytes, to + b * bytes, hidden, clip);
    last = to;
  }
  memory.copy(hLast + begin * bytes, last, rows * bytes);
}

/** p = r h */
function resetStates(gates: usize, h: usize, p: usize, hidden: i32): void {
  const r = gates + (<usize>hidden << 2);
  for (let at: usize = 0, bytes: usize = <usize>hidden << 2; at < bytes; at += 16)
    v128.store(p + at, f32x4.mul(v128.load(r + at), v128.load(h + at)));
}

/** n = x + r p, before the tanh. */
function resetProducts(gates: usize, x: usize, p: usize, hidden: i32): void {
  const bytes: usize = <usize>hidden << 2;
  const r = gates + bytes;
  const n = gates + 2 * bytes;
  const from = x + 2 * bytes;
  for (let k = 0, at: usize = 0; k < hidden; k += 4, at += 16)
    storeUnits(n + at, madd(v128.load(r + at), v128.load(p + at), v128.load(from + at)), hidden - k);
}

function gruUnits(gates: usize, h: usize, y: usize, hidden: i32, clip: f32): void {
  const bytes: usize = <usize>hidden << 2;
  for (let k = 0; k < hidden; k += 4, gates += 16, h += 16, y += 16) {
    const z = v128.load(gates);
    const n = tanhGate(v128.load(gates + 2 * bytes), clip);
    storeUnits(y, madd(z, v128.load(h), f32x4.mul(f32x4.sub(f32x4.splat(1), z), n)), hidden - k);
  }
}

/** h = tanh of its gate. */
export function rnnF32(begin: i32, end: i32, x: usize, h: usize, y: usize, hLast: usize, w: usize, length: i32, batch: i32, hidden: i32, reverse: i32, clip: f32): void {
  const rows = end - begin;
  const bytes: usize = <usize>hidden << 2;
  let last = h + begin * bytes;
  for (let step = 0; step < length; step++) {
    const row: usize = (reverse ? length - 1 - step : step) * batch + begin;
    const to = y + row * bytes;
    product(step, rows, last, bytes, w, hidden, hidden, x + row * bytes, bytes, to, bytes);
    const units = rows * hidden;
    for (let k = 0, at = to; k < units; k += 4, at += 16) storeUnits(at, tanhGate(v128.load(at), clip), units - k);
    last = to;
  }
  memory.copy(hLast + begin * bytes, last, rows * bytes);
}

/**
 * sums[rows, channels] = init + h R^T, with rows of hStep, initStep and sumsStep bytes; hidden terms in each sum. Every other
 * step goes through the weights backwards: it begins with those that the step before has left in the nearest cache.
 */
function product(step: i32, rows: i32, h: usize, hStep: usize, w: usize, hidden: i32, channels: i32, init: usize, initStep: usize, sums: usize, sumsStep: usize): void {
  const panels = (channels + 7) >> 3;
  const panelStep: usize = <usize>hidden << 5;
  for (let i = 0; i < panels; i += 4) {
    const panel = step & 1 ? ((panels - 1) & ~3) - i : i;
    panelsF32(rows, h, hStep, w, panelStep, hidden, panel, min(panel + 4, panels), channels, init, initStep, sums, sumsStep);
  }
}

// @ts-ignore: decorator
@inline
function storeUnits(to: usize, x: v128, count: i32): void {
  if (count >= 4) v128.store(to, x);
  else storeLanes(to, x, count);
}
