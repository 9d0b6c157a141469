/** Walks sequences through a recurrent cell: directions, layouts, batches of unequal length. */
import type { Matrix } from "./matrix.ts";

/** One step of a recurrent network for a batch. */
export interface Cell {
  /**
   * Advances the states of the rows that are active.
   * @param gates what the inputs and the biases contribute, [batch, width]; the cell may overwrite it
   * @param states the hidden state, and the cell state of an LSTM, each [batch, hidden]; replaced in place
   */
  step(gates: Float64Array, active: Uint8Array, states: readonly Float64Array[]): void;
}

/** One direction of a layer. */
export interface Direction {
  readonly cell: Cell;
  readonly reverse: boolean;
  /** Of the inputs; its rows are the gates. */
  readonly input: Matrix;
  /** Added to the gates. */
  readonly bias: Float64Array;
}

export interface SequenceSize {
  readonly length: number;
  readonly batch: number;
  readonly hidden: number;
  readonly directions: number;
  /** ONNX `layout` 1: the batch is the first dimension of everything. */
  readonly batchFirst: boolean;
}

/**
 * Runs every direction. Steps beyond the length of a sequence leave its states and give zeros.
 * @param x [length, batch, input], or batch first
 * @param lengths of each sequence
 * @param states initial states, [directions, batch, hidden] each, or batch first; hold the last ones afterwards
 * @param y hidden states of all steps, [length, directions, batch, hidden] or [batch, length, directions, hidden]; zeros
 */
export function runLayer(
  size: SequenceSize,
  directions: readonly Direction[],
  x: Float64Array,
  lengths: readonly number[],
  states: readonly Float64Array[],
  y: Float64Array,
): void {
  for (const [d, direction] of directions.entries()) runDirection(size, direction, d, x, lengths, states, y);
}

function runDirection(
  { length, batch, hidden, directions, batchFirst }: SequenceSize,
  { cell, reverse, input, bias }: Direction,
  d: number,
  x: Float64Array,
  lengths: readonly number[],
  all: readonly Float64Array[],
  y: Float64Array,
): void {
  const width = bias.length;
  const projected = project(input, bias, x, length * batch);
  const gates = new Float64Array(batch * width);
  const active = new Uint8Array(batch);
  const stateAt = (b: number) => (batchFirst ? b * directions + d : d * batch + b) * hidden;
  const states = all.map((state) => gatherRows(state, batch, hidden, stateAt));

  for (let step = 0; step < length; step++) {
    for (let b = 0; b < batch; b++) {
      const last = lengths[b] ?? length;
      active[b] = Number(step < last);
      if (step >= last) continue;
      const t = reverse ? last - 1 - step : step;
      const row = batchFirst ? b * length + t : t * batch + b;
      gates.set(projected.subarray(row * width, (row + 1) * width), b * width);
    }
    cell.step(gates, active, states);
    for (let b = 0; b < batch; b++) {
      if (active[b] === 0) continue;
      const t = reverse ? (lengths[b] ?? length) - 1 - step : step;
      const row = batchFirst ? (b * length + t) * directions + d : (t * directions + d) * batch + b;
      y.set(states[0]!.subarray(b * hidden, (b + 1) * hidden), row * hidden);
    }
  }
  for (const [i, state] of all.entries())
    for (let b = 0; b < batch; b++) {
      // As in onnxruntime, a sequence without steps ends in zeros rather than in its initial state.
      if (lengths[b] === 0) states[i]!.fill(0, b * hidden, (b + 1) * hidden);
      state.set(states[i]!.subarray(b * hidden, (b + 1) * hidden), stateAt(b));
    }
}

/** Gates of all steps at once: the inputs are known before the first. */
function project(input: Matrix, bias: Float64Array, x: Float64Array, rows: number): Float64Array {
  const projected = new Float64Array(rows * bias.length);
  for (let row = 0; row < rows; row++) projected.set(bias, row * bias.length);
  input.multiply(x, rows, projected);
  return projected;
}

function gatherRows(
  from: Float64Array,
  rows: number,
  width: number,
  at: (row: number) => number,
): Float64Array {
  const gathered = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) gathered.set(from.subarray(at(row), at(row) + width), row * width);
  return gathered;
}
