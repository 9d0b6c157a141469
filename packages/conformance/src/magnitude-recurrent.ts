/**
 * The yardstick of recurrent: a running error analysis (Higham, "Accuracy and Stability of Numerical Algorithms", section
 * 3.3). Beside every number stands how far it may be off, in roundings: a sum is off by the sum of its absolute terms and
 * of what they are off by themselves, a function by its slope times what enters it, and by one for its own error, its
 * results being of order one. States carry that from step to step.
 */
import { type KernelSpec, recurrentSize, type Weights } from "@bitbudget/backend";
import { type HostTensor, valuesOf } from "@bitbudget/core";

/** A number, and how far it may be off. */
interface Inexact {
  readonly value: number;
  readonly error: number;
}

/** One list for each output, with one number for each element. */
export function recurrentMagnitudes(
  spec: KernelSpec<"recurrent">,
  inputs: readonly HostTensor[],
  weights: Weights<"recurrent">,
): readonly Float64Array[] {
  const { length, batch, hidden, gates } = recurrentSize(spec);
  const { reverse = false } = spec.attributes;
  const [x, ...initial] = inputs.map(valuesOf);
  const states = initial.map((state) => Array.from(state, exactly));
  const steps = new Float64Array(length * batch * hidden);
  for (let step = 0; step < length; step++)
    for (let b = 0; b < batch; b++) {
      const row = (reverse ? length - 1 - step : step) * batch + b;
      const projected = Array.from(x!.subarray(row * gates * hidden, (row + 1) * gates * hidden), exactly);
      const before = states.map((state) => state.slice(b * hidden, (b + 1) * hidden));
      const after = advance(spec, weights, projected, before);
      for (const [i, state] of after.entries()) states[i]!.splice(b * hidden, hidden, ...state);
      steps.set(after[0]!.map(yardstick), row * hidden);
    }
  return [steps, ...states.map((state) => Float64Array.from(state, yardstick))];
}

/** The states after a step of one sequence. */
function advance(
  { attributes: { cell, clip = Number.POSITIVE_INFINITY, linearBeforeReset } }: KernelSpec<"recurrent">,
  weights: Weights<"recurrent">,
  x: readonly Inexact[],
  [h = [], c = []]: readonly (readonly Inexact[])[],
): readonly (readonly Inexact[])[] {
  const hidden = h.length;
  const recurrence = weights.recurrence === undefined ? [] : valuesOf(weights.recurrence);
  const bias = weights.bias === undefined ? [] : valuesOf(weights.bias);
  const units = h.map((_, k) => k);
  const bounded = ({ value, error }: Inexact) => ({ value: Math.max(-clip, Math.min(clip, value)), error });
  const products = (gate: number, k: number, vector: readonly Inexact[]) =>
    vector.map((v, j) => times(exactly(recurrence[(gate * hidden + k) * hidden + j]!), v));
  const entering = (gate: number, k: number) => bounded(sum(x[gate * hidden + k]!, ...products(gate, k, h)));

  switch (cell) {
    case "lstm": {
      const next = units.map((k) => {
        const kept = times(sigmoid(entering(2, k)), c[k]!);
        return sum(kept, times(sigmoid(entering(0, k)), tanh(entering(3, k))));
      });
      return [units.map((k) => times(sigmoid(entering(1, k)), tanh(next[k]!))), next];
    }
    case "gru": {
      const reset = units.map((k) => sigmoid(entering(1, k)));
      const resetState = units.map((k) => times(reset[k]!, h[k]!));
      return [
        units.map((k) => {
          const z = sigmoid(entering(0, k));
          const recurrent = linearBeforeReset
            ? [times(reset[k]!, sum(exactly(bias[k]!), ...products(2, k, h)))]
            : products(2, k, resetState);
          const n = tanh(bounded(sum(x[2 * hidden + k]!, ...recurrent)));
          return sum(times(difference(exactly(1), z), n), times(z, h[k]!));
        }),
      ];
    }
    case "rnn":
      return [units.map((k) => tanh(entering(0, k)))];
  }
}

function exactly(value: number): Inexact {
  return { value, error: 0 };
}

function sum(...terms: readonly Inexact[]): Inexact {
  return {
    value: terms.reduce((total, { value }) => total + value, 0),
    error: terms.reduce((total, { value, error }) => total + Math.abs(value) + error, 0),
  };
}

function difference(a: Inexact, b: Inexact): Inexact {
  return sum(a, { value: -b.value, error: b.error });
}

/** The rounding of a product counts with the sum that it is part of; alone it is a sum of one term. */
function times(a: Inexact, b: Inexact): Inexact {
  return { value: a.value * b.value, error: Math.abs(a.value) * b.error + Math.abs(b.value) * a.error };
}

function sigmoid({ value, error }: Inexact): Inexact {
  const result = 1 / (1 + Math.exp(-value));
  return { value: result, error: result * (1 - result) * error + 1 };
}

function tanh({ value, error }: Inexact): Inexact {
  const result = Math.tanh(value);
  return { value: result, error: (1 - result * result) * error + 1 };
}

/** What a rounding of the number itself is measured against, and what it is off by. */
function yardstick({ value, error }: Inexact): number {
  return Math.abs(value) + error;
}
