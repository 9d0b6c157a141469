/** The simple recurrent cell (Elman 1990) as ONNX RNN defines it: H = f(X W + H R + bias). */
import { type Activation, clip } from "./activations.ts";
import type { Matrix } from "./matrix.ts";
import type { Cell } from "./sequence.ts";

export interface RnnOptions {
  readonly hidden: number;
  /** R, [hidden, hidden]. */
  readonly recurrence: Matrix;
  readonly activation: Activation;
  readonly clip: number | undefined;
}

export function rnnCell({ hidden, recurrence, activation, clip: bound }: RnnOptions): Cell {
  return {
    step(gates, active, [h]) {
      if (h === undefined) return;
      recurrence.multiply(h, active.length, gates);
      for (let b = 0; b < active.length; b++) {
        if (active[b] === 0) continue;
        const [from, to] = [b * hidden, (b + 1) * hidden];
        clip(gates, from, to, bound);
        activation(gates, from, to);
        h.set(gates.subarray(from, to), from);
      }
    },
  };
}
