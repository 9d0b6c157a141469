/**
 * LSTM, GRU and RNN: kernels where the weights are known and the cell is the usual one (recurrent-kernels.ts), else
 * computed on the host, step after step.
 */
import type { TensorType } from "@bitbudget/core";
import { findAttribute, getFloat, getFloats, getInt, getStrings } from "@bitbudget/onnx";
import { type Activation, makeActivations } from "../host/recurrent/activations.ts";
import { gruCell } from "../host/recurrent/gru.ts";
import { lstmCell } from "../host/recurrent/lstm.ts";
import { denseMatrix, type Matrix } from "../host/recurrent/matrix.ts";
import { rnnCell } from "../host/recurrent/rnn.ts";
import { type Cell, runLayer } from "../host/recurrent/sequence.ts";
import { tensorOfFloats } from "../host/tensors.ts";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { hostInputs, type Read } from "./host-inputs.ts";
import type { OperatorTable } from "./index.ts";
import { floatKernelWeights, recurrentKernels } from "./recurrent-kernels.ts";
import { type CellType, checkShape, directionsOf, type Layer, layerOf } from "./recurrent-layer.ts";

/** One of the three operators on the host. */
export interface Kind extends CellType {
  makeCell(parts: CellParts): Cell;
}

/** One direction of a layer, for its cell. */
export interface CellParts {
  readonly context: Lowering;
  readonly hidden: number;
  /** Some of the gates of R. */
  recurrence(firstGate: number, gates: number): Matrix;
  /** Wb and Rb, [2 * gates * hidden]. */
  readonly bias: Float64Array;
  readonly peepholes: Float64Array | undefined;
  readonly activations: readonly Activation[];
  readonly clip: number | undefined;
}

/** Where the matrices of a layer come from. */
export interface LayerWeights {
  /** Indices of inputs that the matrices are read from in a run. */
  readonly indices: readonly number[];
  readonly hidden: number;
  readonly inputSize: number;
  /** W of a direction, [gates * hidden, input]. */
  input(read: Read, direction: number): Matrix;
  /** Some of the gates of R of a direction. */
  recurrence(read: Read, direction: number, firstGate: number, gates: number): Matrix;
}

const lstm: Kind = {
  cell: "lstm",
  gates: 4,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  states: [5, 6],
  peepholes: 7,
  makeCell({ context, hidden, recurrence, peepholes, activations, clip }) {
    const [gate, candidate, output] = activations;
    if (gate === undefined || candidate === undefined || output === undefined)
      return context.fail("needs three activations");
    return lstmCell({
      hidden,
      recurrence: recurrence(0, 4),
      peepholes,
      activations: [gate, candidate, output],
      clip,
      inputForget: getInt(context.node, "input_forget", 0) !== 0,
    });
  },
};

const gru: Kind = {
  cell: "gru",
  gates: 3,
  activations: ["Sigmoid", "Tanh"],
  states: [5],
  makeCell({ context, hidden, recurrence, bias, activations, clip }) {
    const [gate, candidate] = activations;
    if (gate === undefined || candidate === undefined) return context.fail("needs two activations");
    const linearBeforeReset = getInt(context.node, "linear_before_reset", 0) !== 0;
    return gruCell({
      hidden,
      gateRecurrence: recurrence(0, 2),
      hiddenRecurrence: recurrence(2, 1),
      hiddenBias: bias.subarray(5 * hidden, 6 * hidden),
      activations: [gate, candidate],
      clip,
      linearBeforeReset,
    });
  },
};

const rnn: Kind = {
  cell: "rnn",
  gates: 1,
  activations: ["Tanh"],
  states: [5],
  makeCell({ context, hidden, recurrence, activations, clip }) {
    const [activation] = activations;
    if (activation === undefined) return context.fail("needs an activation");
    return rnnCell({ hidden, recurrence: recurrence(0, 1), activation, clip });
  },
};

/** The matrices of the inputs W and R, of floats. */
function floatWeights(context: Lowering, { gates }: Kind): LayerWeights {
  const [hidden = 0] = context.input(2).type.shape.slice(-1);
  const [inputSize = 0] = context.input(1).type.shape.slice(-1);
  const matrix = (all: Float64Array, depth: number, direction: number, first: number, count: number) => {
    const at = (direction * gates + first) * hidden * depth;
    return denseMatrix(all.subarray(at, at + count * hidden * depth), count * hidden, depth);
  };
  const directions = directionsOf(context).length;
  checkShape(context, 1, [directions, gates * hidden, inputSize]);
  checkShape(context, 2, [directions, gates * hidden, hidden]);
  return {
    indices: [1, 2],
    hidden,
    inputSize,
    input: (read, direction) => matrix(read(1), inputSize, direction, 0, gates),
    recurrence: (read, direction, first, count) => matrix(read(2), hidden, direction, first, count),
  };
}

/** A layer on the host, with the inputs X, (W, R,) B, sequence_lens, initial states, P at their ONNX places. */
export function recurrentOnHost(
  context: Lowering,
  kind: Kind,
  layer: Layer,
  weights: LayerWeights,
): readonly Value[] {
  const { node } = context;
  const { dtype } = context.input(0).type;
  const { length, batch, hidden, reversed, batchFirst } = layer;
  const directions = reversed.length;
  const activations = activationsOf(context, kind, directions);
  const clip = findAttribute(node, "clip") === undefined ? undefined : getFloat(node, "clip");
  const y: TensorType = {
    dtype,
    shape: batchFirst ? [batch, length, directions, hidden] : [length, directions, batch, hidden],
  };
  const state: TensorType = {
    dtype,
    shape: batchFirst ? [batch, directions, hidden] : [directions, batch, hidden],
  };
  const optional = kind.peepholes === undefined ? [] : [kind.peepholes];
  const inputs = hostInputs(context, [0, ...weights.indices, 3, 4, ...kind.states, ...optional]);

  return context.host([y, ...kind.states.map(() => state)], inputs.values, (tensors) => {
    const { read, find } = inputs.of(tensors);
    const biases = find(3) ?? new Float64Array(directions * 2 * kind.gates * hidden);
    const peepholes = kind.peepholes === undefined ? undefined : find(kind.peepholes);
    const cells = reversed.map((reverse, d) => {
      const width = kind.gates * hidden;
      const bias = biases.subarray(2 * d * width, 2 * (d + 1) * width);
      const cell = kind.makeCell({
        context,
        hidden,
        recurrence: (first, count) => weights.recurrence(read, d, first, count),
        bias,
        peepholes: peepholes?.subarray(3 * d * hidden, 3 * (d + 1) * hidden),
        activations: activations[d] ?? [],
        clip,
      });
      return { cell, reverse, input: weights.input(read, d), bias: inputBias(context, kind, bias, hidden) };
    });
    const size = { length, batch, hidden, directions, batchFirst };
    const states = kind.states.map((index) =>
      Float64Array.from(find(index) ?? new Float64Array(directions * batch * hidden)),
    );
    const lengths = Array.from(find(4) ?? new Float64Array(batch).fill(length));
    for (const each of lengths)
      if (!(each >= 0 && each <= length))
        context.fail(`has a sequence of length ${each} in a tensor of ${length} steps`);
    const outputs = new Float64Array(length * directions * batch * hidden);
    runLayer(size, cells, read(0), lengths, states, outputs);
    return [tensorOfFloats(y, outputs), ...states.map((values) => tensorOfFloats(state, values))];
  });
}

/** Wb + Rb, the biases that are added beside the inputs. A GRU that resets after the product keeps Rb of its last gate. */
function inputBias(context: Lowering, kind: Kind, bias: Float64Array, hidden: number): Float64Array {
  const width = kind.gates * hidden;
  const apart = kind === gru && getInt(context.node, "linear_before_reset", 0) !== 0 ? hidden : 0;
  const sum = bias.slice(0, width);
  for (let i = 0; i < width - apart; i++) sum[i]! += bias[width + i]!;
  return sum;
}

function activationsOf(context: Lowering, kind: Kind, directions: number): readonly Activation[][] {
  const { node } = context;
  const count = kind.activations.length;
  const given = getStrings(node, "activations", []);
  const names = given.length === 0 ? [...kind.activations, ...kind.activations] : given;
  if (given.length !== 0 && given.length !== count * directions)
    context.fail(`has ${given.length} activations, needs ${count} for each of ${directions} directions`);
  try {
    const all = makeActivations(
      names,
      getFloats(node, "activation_alpha", []),
      getFloats(node, "activation_beta", []),
    );
    return Array.from({ length: directions }, (_, d) => all.slice(d * count, (d + 1) * count));
  } catch (error) {
    if (error instanceof RangeError) return context.fail(error.message);
    throw error;
  }
}

function operator(kind: Kind): Operator {
  return (context) => {
    const weights = floatWeights(context, kind);
    const layer = layerOf(context, kind, weights.hidden, weights.inputSize);
    const constants = floatKernelWeights(context);
    const kernels = constants && recurrentKernels(context, kind, layer, constants);
    return kernels ?? recurrentOnHost(context, kind, layer, weights);
  };
}

export const recurrent: OperatorTable = { LSTM: operator(lstm), GRU: operator(gru), RNN: operator(rnn) };

/** For the LSTM of other weights. */
export const lstmKind: Kind = lstm;
