/**
 * LSTM, GRU and RNN as kernels, for each direction: a linear for what the inputs contribute to all steps, and a recurrent
 * for the steps. In float32, whatever the node's format: what lies between the two would lose digits in a smaller one.
 * The recurrent weights are floats; those that are codes become floats here, and the plan says "decoded".
 */
import type { KernelSpec, RecurrentAttributes } from "@bitbudget/backend";
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { findAttribute, getFloat, getInt, getStrings } from "@bitbudget/onnx";
import { affinePositions, pick } from "../host/elements.ts";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { filled } from "./emit.ts";
import { floatLinear } from "./matmul.ts";
import { cast, concat, sliceAxis, transpose } from "./moves.ts";
import type { CellType, Layer } from "./recurrent-layer.ts";
import { converted, shaped, zero } from "./weights.ts";

/** W and R, which are constants. */
export interface KernelWeights {
  /** What the inputs [length, batch, input] contribute to all steps in a direction, [length, batch, gates * hidden]. */
  project(inputs: Value, direction: number, bias: HostTensor | undefined): Value;
  /** R of a direction in float32, [gates * hidden, hidden]. */
  recurrence(direction: number): HostTensor;
  /** Whether R is codes in the file. */
  readonly decoded: boolean;
}

/** The inputs W and R, of floats; undefined where they are not known before a run. */
export function floatKernelWeights(context: Lowering): KernelWeights | undefined {
  const [w, r] = [1, 2].map((index) => context.inputs[index]?.constant);
  if (w === undefined || r === undefined) return undefined;
  return {
    project: (inputs, d, bias) => floatLinear(context, inputs, directionOf(context, w, d), bias),
    recurrence: (d) => converted(context, directionOf(context, r, d), "float32"),
    decoded: false,
  };
}

/** The outputs of the node; undefined where the kernels do not do what it asks for. */
export function recurrentKernels(
  context: Lowering,
  type: CellType,
  layer: Layer,
  { project, recurrence, decoded }: KernelWeights,
): readonly Value[] | undefined {
  const { length, batch, hidden, reversed, batchFirst } = layer;
  const { dtype } = context.input(0).type;
  const b = context.inputs[3]?.constant;
  const known = b !== undefined || !context.has(3);
  const attributes = attributesOf(context, type, layer);
  if (!known || attributes === undefined || dtype === "float64" || length === 0 || hidden === 0)
    return undefined;

  const width = type.gates * hidden;
  const state = { dtype: "float32", shape: [batch, hidden] } as const;
  const inputs = [
    { dtype: "float32", shape: [length, batch, width] } as const,
    ...type.states.map(() => state),
  ];
  const specs = reversed.map((reverse): KernelSpec<"recurrent"> & { op: "recurrent" } => ({
    op: "recurrent",
    inputs,
    attributes: reverse ? { ...attributes, reverse } : attributes,
  }));
  if (!specs.every((spec) => context.supports(spec))) return undefined;

  const x = cast(context, context.input(0), "float32");
  const steps = batchFirst ? transpose(context, x, [1, 0, 2]) : x;
  const results = specs.map((spec, d) => {
    const biases = b === undefined ? undefined : biasesOf(context, type, layer, b, d, attributes);
    const projected = project(steps, d, biases?.input);
    const initial = type.states.map((index) => initialState(context, index, layer, d));
    const bias = biases?.product ?? zeros(context, [hidden]);
    const weights = { recurrence: recurrence(d), ...(attributes.linearBeforeReset && { bias }) };
    return context.kernels(spec, [projected, ...initial], weights, { decoded });
  });

  /** An output of both directions; the axis of directions is added. */
  const joined = (output: number, axis: number, turn: (value: Value) => Value): Value => {
    const parts = results.map((values) => {
      const value = turn(values[output] ?? context.fail(`has no output ${output}`));
      return context.reshape(value, value.type.shape.toSpliced(axis, 0, 1));
    });
    // An output without a name is asked for by nobody: any value will do.
    const wanted = (context.node.output[output] ?? "") !== "";
    return wanted ? cast(context, concat(context, parts, axis), dtype) : parts[0]!;
  };
  return [
    joined(0, batchFirst ? 2 : 1, (y) => (batchFirst ? transpose(context, y, [1, 0, 2]) : y)),
    ...type.states.map((_, i) => joined(1 + i, batchFirst ? 1 : 0, (last) => last)),
  ];
}

/** Undefined for what the kernel does not have: other activations, peepholes, coupled gates, sequences of unequal length. */
function attributesOf(
  context: Lowering,
  { cell, activations, peepholes }: CellType,
  { length, reversed }: Layer,
): RecurrentAttributes | undefined {
  const { node } = context;
  const given = getStrings(node, "activations", []);
  const usual =
    given.length === 0 ||
    (given.length === activations.length * reversed.length &&
      given.every((name, i) => name.toLowerCase() === activations[i % activations.length]?.toLowerCase()));
  const lengths = context.inputs[4]?.constant;
  const full = lengths === undefined ? !context.has(4) : valuesOf(lengths).every((each) => each === length);
  const clip = findAttribute(node, "clip") === undefined ? undefined : getFloat(node, "clip");
  const special =
    (peepholes !== undefined && context.has(peepholes)) ||
    (cell === "lstm" && getInt(node, "input_forget", 0) !== 0) ||
    (clip !== undefined && !(clip >= 0));
  if (!usual || !full || special) return undefined;
  const linearBeforeReset = cell === "gru" && getInt(node, "linear_before_reset", 0) !== 0;
  return { cell, ...(clip !== undefined && { clip }), ...(linearBeforeReset && { linearBeforeReset }) };
}

/** The matrix of one direction from [directions, rows, depth]. */
export function directionOf(context: Lowering, weights: HostTensor, d: number): HostTensor {
  const [directions = 0, rows = 0, depth = 0] = weights.shape;
  const shape = [rows, depth];
  if (directions === 1) return shaped(weights, shape);
  return context.derived(weights, `direction ${d}`, () =>
    pick(weights, shape, affinePositions(shape, [depth, 1], d * rows * depth)),
  );
}

/**
 * Wb + Rb of one direction, [gates * hidden], which are added beside the inputs. A GRU that resets the product keeps Rb of
 * its last gate, [hidden], for that.
 */
function biasesOf(
  context: Lowering,
  { gates }: CellType,
  { hidden }: Layer,
  b: HostTensor,
  d: number,
  { linearBeforeReset = false }: RecurrentAttributes,
): { readonly input: HostTensor; readonly product: HostTensor } {
  const width = gates * hidden;
  const apart = linearBeforeReset ? hidden : 0;
  const ofDirection = () => valuesOf(b).subarray(2 * d * width, 2 * (d + 1) * width);
  return {
    input: context.derived(b, `input biases ${d}, ${apart} apart`, () => {
      const values = ofDirection();
      const sums = Float32Array.from({ length: width }, (_, i) =>
        i < width - apart ? values[i]! + values[width + i]! : values[i]!,
      );
      return tensor("float32", [width], sums);
    }),
    product: context.derived(b, `product biases ${d}, ${hidden}`, () =>
      tensor("float32", [hidden], Float32Array.from(ofDirection().subarray(2 * width - hidden))),
    ),
  };
}

/** The state that one direction begins with, [batch, hidden]. */
function initialState(context: Lowering, index: number, layer: Layer, d: number): Value {
  const { batch, hidden, batchFirst } = layer;
  const shape = [batch, hidden];
  const given = context.inputs[index];
  if (given === undefined) return context.known(zeros(context, shape));
  return cast(
    context,
    context.reshape(sliceAxis(context, given, batchFirst ? 1 : 0, d, 1), shape),
    "float32",
  );
}

function zeros(context: Lowering, shape: readonly number[]): HostTensor {
  return context.derived(zero("float32"), `zeros ${shape.join()}`, () => filled("float32", shape, 0));
}
