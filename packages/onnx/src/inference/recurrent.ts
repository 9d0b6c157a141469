/** LSTM, GRU and RNN: all hidden states, and the last ones. `layout` 1 puts the batch first. */
import type { Rule, Rules } from "./op.ts";
import { tensor, type Value } from "./value.ts";

function recurrent(outputs: number): Rule {
  return (op) => {
    const { dtype, shape } = op.input(0);
    const batchFirst = op.int("layout", 0) !== 0;
    const [first, second] = shape ?? [];
    const [steps, batch] = batchFirst ? [second, first] : [first, second];
    const directions = op.string("direction", "forward") === "bidirectional" ? 2 : 1;
    // Recurrent weights are [directions, gates * hidden, hidden].
    const hidden = op.hasAttribute("hidden_size") ? op.int("hidden_size") : op.dim(2, 2);
    const all = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden];
    const last = tensor(dtype, batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]);
    return [tensor(dtype, all), ...new Array<Value>(outputs - 1).fill(last)];
  };
}

export const lstm = recurrent(3);

export const recurrentRules: Rules = {
  LSTM: lstm,
  GRU: recurrent(2),
  RNN: recurrent(2),
};
