/**
 * recurrent: the steps of an LSTM, GRU or simple recurrent layer in one direction (ONNX LSTM, GRU, RNN; Hochreiter and
 * Schmidhuber 1997, Cho et al. 2014, Elman 1990). What the inputs contribute does not depend on the steps before: a
 * linear computes it for all steps at once, biases included, and this op takes it from there.
 */
import type { TensorType } from "@bitbudget/core";
import type { KernelSpec } from "../spec.ts";
import { sumOf } from "../tolerance.ts";
import { check, checkDtype, checkInputCount, input, isFloat, type OpDefinition, size } from "./definition.ts";

/**
 * Inputs: x [length, batch, gates * hidden], the contribution of the inputs and the biases; h [batch, hidden], the state
 * before the first step; of an lstm c [batch, hidden], its cell state.
 * Outputs: the states h of all steps [length, batch, hidden], at the place of their step in either direction; the last h
 * and of an lstm the last c [batch, hidden]. Without steps those are the first ones.
 */
export interface RecurrentAttributes {
  readonly cell: RecurrentCell;
  /** From the last step to the first. */
  readonly reverse?: boolean;
  /** Clamps what enters the sigmoid or tanh of a gate to [-clip, clip]. */
  readonly clip?: number;
  /** gru: the reset gate multiplies the product with the state, plus a bias, rather than the state. */
  readonly linearBeforeReset?: boolean;
}

export type RecurrentCell = "lstm" | "gru" | "rnn";

/**
 * recurrence: [gates * hidden, hidden], what is multiplied with h, the rows of one gate after those of another.
 * bias: [hidden], added to the product of the last gate; with linearBeforeReset alone.
 */
export type RecurrentWeights = "recurrence" | "bias";

/** Gates in the order of ONNX: input, output, forget, cell; update, reset, hidden; one. */
const gatesOf: { readonly [C in RecurrentCell]: number } = { lstm: 4, gru: 3, rnn: 1 };

export interface RecurrentSize {
  readonly length: number;
  readonly batch: number;
  readonly hidden: number;
  readonly gates: number;
}

/** Throws SpecError where the shapes do not fit. */
export function recurrentSize(spec: KernelSpec<"recurrent">): RecurrentSize {
  const { cell } = spec.attributes;
  check(Object.hasOwn(gatesOf, cell), spec, "attributes.cell", "must be lstm, gru or rnn");
  checkInputCount(spec, cell === "lstm" ? 3 : 2);
  const gates = gatesOf[cell];
  const [x, h] = [input(spec, 0).shape, input(spec, 1).shape];
  check(x.length === 3, spec, "inputs[0].shape", "needs three dimensions: length, batch, gates * hidden");
  const [length = 0, batch = 0, width = 0] = x;
  const [, hidden = 0] = h;
  for (const [i, { shape }] of spec.inputs.slice(1).entries())
    check(
      shape.length === 2 && shape[0] === batch && shape[1] === hidden,
      spec,
      `inputs[${i + 1}].shape`,
      `must be [${batch}, hidden] with the batch of the first input`,
    );
  check(
    width === gates * hidden,
    spec,
    "inputs[0].shape",
    `must end with ${gates} gates of ${hidden} like the states, not with ${width}`,
  );
  return { length, batch, hidden, gates };
}

export const recurrent: OpDefinition<"recurrent"> = {
  op: "recurrent",
  summary: "the steps of an LSTM, GRU or simple recurrent layer, after the product with its inputs",
  onnx: ["LSTM", "GRU", "RNN"],
  outputs(spec) {
    const { cell, clip, linearBeforeReset } = spec.attributes;
    const { dtype } = input(spec);
    checkDtype(spec, "inputs[0].dtype", dtype, ["float32", "float16", "bfloat16", "float64"]);
    for (const [i, type] of spec.inputs.entries())
      check(type.dtype === dtype, spec, `inputs[${i}].dtype`, `must be ${dtype} like the first input`);
    check(clip === undefined || clip >= 0, spec, "attributes.clip", "must be at least 0");
    check(
      !linearBeforeReset || cell === "gru",
      spec,
      "attributes.linearBeforeReset",
      "is a choice of a gru alone",
    );
    const { length, batch, hidden } = recurrentSize(spec);
    const state: TensorType = { dtype, shape: [batch, hidden] };
    return [{ dtype, shape: [length, batch, hidden] }, ...spec.inputs.slice(1).map(() => state)];
  },
  weights(spec) {
    const { hidden, gates } = recurrentSize(spec);
    const recurrence = { dtype: "float32", shape: [gates * hidden, hidden] } as const;
    if (!spec.attributes.linearBeforeReset) return { recurrence };
    return { recurrence, bias: { dtype: "float32", shape: [hidden] } };
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, weight: "float32", output: dtype };
  },
  operations(spec) {
    const { length, batch, hidden, gates } = recurrentSize(spec);
    // The products, and about three operations for each gate: a sum, a function, its use.
    return size([length, batch, gates, hidden]) * (2 * hidden + 3);
  },
  tolerance(spec) {
    const { dtype } = input(spec);
    // A sum, and 48 for a sigmoid as in unary; what the steps make of it is in the yardstick.
    return sumOf(recurrentSize(spec).hidden + 48, isFloat(dtype) ? dtype : "float32");
  },
};
