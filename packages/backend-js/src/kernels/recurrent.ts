/** recurrent: one step after the other, the states in float64 from the first to the last. */
import { type RecurrentAttributes, type RecurrentCell, recurrentSize } from "@bitbudget/backend";
import { keep, load, results, store } from "../elements.ts";
import { unaryFunction } from "../functions.ts";
import type { JsKernel, Numbers } from "../kernel.ts";
import { floats, plainRows } from "./formats.ts";

const sigmoid = unaryFunction({ fn: "sigmoid" });

export const recurrent: JsKernel<"recurrent"> = {
  rows: plainRows(floats).map((row) => ({ ...row, weight: "float32" })),

  prepare(_, spec, weights) {
    const { length, batch, hidden, gates } = recurrentSize(spec);
    const { cell, reverse = false } = spec.attributes;
    const width = gates * hidden;
    const recurrence = keep(weights.recurrence);
    const bias = weights.bias === undefined ? new Float32Array(hidden) : keep(weights.bias);
    const advance = cells[cell](recurrence, bias, hidden, spec.attributes);
    const [xType, stateType] = spec.inputs;
    const yType = { dtype: xType!.dtype, shape: [length, batch, hidden] };
    return {
      bytes: recurrence.byteLength + bias.byteLength,
      run([x, ...first], [y, ...last]) {
        const projected = load(x!, xType!);
        const states = first.map((state) => Float64Array.from(load(state, stateType!)));
        const steps = results(y!, yType);
        for (let b = 0; b < batch; b++) {
          const [h, c] = states.map((state) => state.subarray(b * hidden, (b + 1) * hidden));
          for (let step = 0; step < length; step++) {
            const row = (reverse ? length - 1 - step : step) * batch + b;
            advance(Float64Array.from(projected.subarray(row * width, (row + 1) * width)), h!, c!);
            steps.set(h!, row * hidden);
          }
        }
        store(steps, y!, yType);
        for (const [i, state] of states.entries()) {
          const end = results(last[i]!, stateType!);
          end.set(state);
          store(end, last[i]!, stateType!);
        }
      },
    };
  },
};

/** One step of one sequence: replaces h, and c of an lstm. `gates` holds what the inputs contribute; it is overwritten. */
type Advance = (gates: Float64Array, h: Float64Array, c: Float64Array) => void;

const cells: {
  readonly [C in RecurrentCell]: (
    recurrence: Numbers,
    bias: Numbers,
    hidden: number,
    attributes: RecurrentAttributes,
  ) => Advance;
} = {
  /** i, o, f = sigmoid, g = tanh of their gates; c = f c + i g; h = o tanh(c). */
  lstm: (recurrence, _, hidden, { clip }) => {
    return (gates, h, c) => {
      addProduct(gates, recurrence, 0, 4 * hidden, h);
      clamp(gates, clip);
      for (let k = 0; k < hidden; k++) {
        const i = sigmoid(gates[k]!);
        const o = sigmoid(gates[hidden + k]!);
        const f = sigmoid(gates[2 * hidden + k]!);
        c[k] = f * c[k]! + i * Math.tanh(gates[3 * hidden + k]!);
        h[k] = o * Math.tanh(c[k]!);
      }
    };
  },

  /** z, r = sigmoid of their gates; n = tanh(x + R (r h)) or tanh(x + r (R h + bias)); h = (1 - z) n + z h. */
  gru: (recurrence, bias, hidden, { clip, linearBeforeReset = false }) => {
    const product = new Float64Array(hidden);
    return (gates, h) => {
      const z = gates.subarray(0, hidden);
      const r = gates.subarray(hidden, 2 * hidden);
      const n = gates.subarray(2 * hidden);
      addProduct(gates, recurrence, 0, 2 * hidden, h);
      clamp(z, clip);
      clamp(r, clip);
      for (let k = 0; k < 2 * hidden; k++) gates[k] = sigmoid(gates[k]!);
      if (linearBeforeReset) {
        product.set(bias);
        addProduct(product, recurrence, 2 * hidden, hidden, h);
        for (let k = 0; k < hidden; k++) n[k]! += r[k]! * product[k]!;
      } else {
        for (let k = 0; k < hidden; k++) product[k] = r[k]! * h[k]!;
        addProduct(n, recurrence, 2 * hidden, hidden, product);
      }
      clamp(n, clip);
      for (let k = 0; k < hidden; k++) h[k] = (1 - z[k]!) * Math.tanh(n[k]!) + z[k]! * h[k]!;
    };
  },

  /** h = tanh of its gate. */
  rnn: (recurrence, _, hidden, { clip }) => {
    return (gates, h) => {
      addProduct(gates, recurrence, 0, hidden, h);
      clamp(gates, clip);
      for (let k = 0; k < hidden; k++) h[k] = Math.tanh(gates[k]!);
    };
  },
};

/** out[i] += the product of row `first + i` with a vector, for `rows` rows. */
function addProduct(
  out: Float64Array,
  matrix: Numbers,
  first: number,
  rows: number,
  vector: Float64Array,
): void {
  const depth = vector.length;
  for (let i = 0, at = first * depth; i < rows; i++) {
    let sum = 0;
    for (let k = 0; k < depth; k++, at++) sum += matrix[at]! * vector[k]!;
    out[i]! += sum;
  }
}

function clamp(values: Float64Array, bound: number | undefined): void {
  if (bound === undefined) return;
  for (let i = 0; i < values.length; i++) values[i] = Math.max(-bound, Math.min(bound, values[i]!));
}
