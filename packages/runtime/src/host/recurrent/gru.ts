/** The GRU cell (Cho et al. 2014) as ONNX GRU defines it, with its two places for the reset gate. */
import { type Activation, clip } from "./activations.ts";
import type { Matrix } from "./matrix.ts";
import type { Cell } from "./sequence.ts";

export interface GruOptions {
  readonly hidden: number;
  /** The rows of R for update and reset, [2 * hidden, hidden]. */
  readonly gateRecurrence: Matrix;
  /** The rows of R for the hidden gate, [hidden, hidden]. */
  readonly hiddenRecurrence: Matrix;
  /** Rb of the hidden gate, [hidden]: part of the gates already unless the reset comes after the product. */
  readonly hiddenBias: Float64Array;
  /** Of update and reset, of the hidden gate. */
  readonly activations: readonly [Activation, Activation];
  readonly clip: number | undefined;
  /** Whether the reset gate applies to the product with R rather than to the state before it. */
  readonly linearBeforeReset: boolean;
}

export function gruCell(options: GruOptions): Cell {
  const { hidden, gateRecurrence, hiddenRecurrence, hiddenBias, clip: bound, linearBeforeReset } = options;
  const [gate, candidate] = options.activations;
  const reset = new Float64Array(hidden);
  const product = new Float64Array(hidden);

  /** z, r, n: where update, reset and hidden gate of the row stand. */
  function advance(gates: Float64Array, z: number, h: Float64Array, at: number): void {
    const r = z + hidden;
    const n = r + hidden;
    const state = h.subarray(at, at + hidden);
    clip(gates, z, n, bound);
    gate(gates, z, n);
    if (linearBeforeReset) {
      product.set(hiddenBias);
      hiddenRecurrence.multiply(state, 1, product);
      for (let k = 0; k < hidden; k++) gates[n + k]! += gates[r + k]! * product[k]!;
    } else {
      for (let k = 0; k < hidden; k++) reset[k] = gates[r + k]! * state[k]!;
      product.fill(0);
      hiddenRecurrence.multiply(reset, 1, product);
      for (let k = 0; k < hidden; k++) gates[n + k]! += product[k]!;
    }
    clip(gates, n, n + hidden, bound);
    candidate(gates, n, n + hidden);
    for (let k = 0; k < hidden; k++) {
      const update = gates[z + k]!;
      state[k] = (1 - update) * gates[n + k]! + update * state[k]!;
    }
  }

  return {
    step(gates, active, [h]) {
      if (h === undefined) return;
      const batch = active.length;
      const recurrent = new Float64Array(batch * 2 * hidden);
      gateRecurrence.multiply(h, batch, recurrent);
      for (let b = 0; b < batch; b++) {
        if (active[b] === 0) continue;
        const at = b * 3 * hidden;
        for (let k = 0; k < 2 * hidden; k++) gates[at + k]! += recurrent[b * 2 * hidden + k]!;
        advance(gates, at, h, b * hidden);
      }
    },
  };
}
