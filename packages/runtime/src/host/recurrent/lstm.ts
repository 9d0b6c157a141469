/** The LSTM cell (Hochreiter and Schmidhuber 1997; peepholes: Gers and Schmidhuber 2000) as ONNX LSTM defines it. */
import { type Activation, clip } from "./activations.ts";
import type { Matrix } from "./matrix.ts";
import type { Cell } from "./sequence.ts";

export interface LstmOptions {
  readonly hidden: number;
  /** R, [4 * hidden, hidden]: gates in the order input, output, forget, cell. */
  readonly recurrence: Matrix;
  /** [3 * hidden]: input, output, forget. */
  readonly peepholes: Float64Array | undefined;
  /** Of the gates, of the cell input, of the cell output. */
  readonly activations: readonly [Activation, Activation, Activation];
  /** Bound of what enters the activations of the gates and of the cell input (not of the output, as in onnxruntime). */
  readonly clip: number | undefined;
  /** Forget what is not let in: f = 1 - i. */
  readonly inputForget: boolean;
}

export function lstmCell(options: LstmOptions): Cell {
  const { hidden, recurrence, peepholes, clip: bound, inputForget } = options;
  const [gate, candidate, output] = options.activations;
  const squashed = new Float64Array(hidden);

  function advance(gates: Float64Array, i: number, h: Float64Array, c: Float64Array, at: number): void {
    const o = i + hidden;
    const f = o + hidden;
    const g = f + hidden;
    const end = g + hidden;
    if (peepholes !== undefined)
      for (let k = 0; k < hidden; k++) {
        gates[i + k]! += peepholes[k]! * c[at + k]!;
        gates[f + k]! += peepholes[2 * hidden + k]! * c[at + k]!;
      }
    clip(gates, i, o, bound);
    gate(gates, i, o);
    if (inputForget) {
      for (let k = 0; k < hidden; k++) gates[f + k] = 1 - gates[i + k]!;
    } else {
      clip(gates, f, g, bound);
      gate(gates, f, g);
    }
    clip(gates, g, end, bound);
    candidate(gates, g, end);
    for (let k = 0; k < hidden; k++) c[at + k] = gates[f + k]! * c[at + k]! + gates[i + k]! * gates[g + k]!;

    if (peepholes !== undefined)
      for (let k = 0; k < hidden; k++) gates[o + k]! += peepholes[hidden + k]! * c[at + k]!;
    clip(gates, o, f, bound);
    gate(gates, o, f);
    squashed.set(c.subarray(at, at + hidden));
    output(squashed, 0, hidden);
    for (let k = 0; k < hidden; k++) h[at + k] = gates[o + k]! * squashed[k]!;
  }

  return {
    step(gates, active, [h, c]) {
      if (h === undefined || c === undefined) return;
      recurrence.multiply(h, active.length, gates);
      for (let b = 0; b < active.length; b++)
        if (active[b] !== 0) advance(gates, b * 4 * hidden, h, c, b * hidden);
    },
  };
}
