/**
 * com.microsoft DynamicQuantizeLSTM: an LSTM whose weights are 8-bit codes, and whose inputs are quantized while it runs,
 * those of all steps together. As kernels its states remain floats, and the recurrent weights are decoded for them; on the
 * host, where kernels do not do what the node asks for, the states of a batch are quantized at every step, as onnxruntime
 * does: that adds an error of their last code to the same results.
 */
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { affinePositions, pick } from "../host/elements.ts";
import { quantizedMatrix } from "../host/recurrent/matrix.ts";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { type CodedWeights, codedWeights } from "./coded-weights.ts";
import { derivedFloats } from "./host-inputs.ts";
import type { OperatorTable } from "./index.ts";
import { dynamicLinear } from "./integer-to-float.ts";
import { type LayerWeights, lstmKind, recurrentOnHost } from "./recurrent.ts";
import { directionOf, type KernelWeights, recurrentKernels } from "./recurrent-kernels.ts";
import { checkShape, directionsOf, layerOf } from "./recurrent-layer.ts";
import { constantIf, shaped } from "./weights.ts";

const GATES = 4;

/** Indices of the inputs that make W and R. */
const INPUT = { codes: 1, scale: 8, zeroPoint: 9 };
const RECURRENCE = { codes: 2, scale: 10, zeroPoint: 11 };
type Source = typeof INPUT;

interface Codes {
  /** Codes minus zero points, [directions, gates * hidden, depth]. */
  readonly codes: Float64Array;
  /** [directions, gates * hidden] */
  readonly scales: Float32Array;
}

function dynamicQuantizeLstm(context: Lowering): readonly Value[] {
  const directions = directionsOf(context).length;
  const [, hidden = 0, width = 0] = context.input(2).type.shape;
  const [, inputSize = 0] = context.input(1).type.shape;
  if (width !== GATES * hidden) context.fail(`R is for ${hidden} hidden units, but has ${width} columns`);
  checkShape(context, 1, [directions, inputSize, width]);
  checkShape(context, 2, [directions, hidden, width]);
  for (const { scale } of [INPUT, RECURRENCE]) {
    const { shape } = context.input(scale).type;
    if (shape.length === 2) checkShape(context, scale, [directions, shape[1] === 1 ? 1 : width]);
    else checkShape(context, scale, [directions]);
  }
  const layer = layerOf(context, lstmKind, hidden, inputSize);
  return (
    recurrentKernels(context, lstmKind, layer, kernelWeights(context)) ??
    recurrentOnHost(context, lstmKind, layer, hostWeights(context, hidden, inputSize))
  );
}

function kernelWeights(context: Lowering): KernelWeights {
  return {
    project: (inputs, d, bias) => dynamicLinear(context, inputs, codedDirection(context, INPUT, d), bias),
    recurrence: (d) => decoded(context, codedDirection(context, RECURRENCE, d).weights),
    decoded: true,
  };
}

/** W or R of one direction, [gates * hidden, depth], with its scales and zero points. */
function codedDirection(context: Lowering, source: Source, d: number): CodedWeights {
  const all = context.constant(source.codes);
  const [, depth = 0, rows = 0] = all.shape;
  const shape = [rows, depth];
  const codes = context.derived(all, `direction ${d}, transposed`, () =>
    pick(all, shape, affinePositions(shape, [1, rows], d * rows * depth)),
  );
  const ofDirection = (part: HostTensor) => {
    const [directions = 0] = part.shape;
    return directionOf(context, shaped(part, [directions, elementCount(part.shape) / directions, 1]), d);
  };
  const zeroPoint = constantIf(context, source.zeroPoint);
  return codedWeights(
    context,
    codes,
    ofDirection(context.constant(source.scale)),
    zeroPoint && ofDirection(zeroPoint),
  );
}

/** (code - zero point) * scale in float32. */
function decoded(context: Lowering, { weight, scale, zeroPoint }: CodedWeights["weights"]): HostTensor {
  return context.derived(weight, "numbers", () => {
    const [rows = 0, depth = 0] = weight.shape;
    const [codes, scales] = [valuesOf(weight), scale ? valuesOf(scale) : [1]];
    const zeros = zeroPoint ? valuesOf(zeroPoint) : [0];
    const of = (values: ArrayLike<number>, row: number) => values[values.length === 1 ? 0 : row]!;
    const numbers = Float32Array.from(codes, (code, i) => {
      const row = Math.floor(i / depth);
      return (code - of(zeros, row)) * of(scales, row);
    });
    return tensor("float32", [rows, depth], numbers);
  });
}

function hostWeights(context: Lowering, hidden: number, inputSize: number): LayerWeights {
  const input = readCodes(context, INPUT);
  const recurrence = readCodes(context, RECURRENCE);
  const matrix = (
    { codes, scales }: Codes,
    depth: number,
    direction: number,
    first: number,
    gates: number,
  ) => {
    const [from, rows] = [(direction * GATES + first) * hidden, gates * hidden];
    const part = {
      codes: codes.subarray(from * depth, (from + rows) * depth),
      scales: scales.subarray(from, from + rows),
    };
    return quantizedMatrix(part, rows, depth);
  };
  return {
    indices: [],
    hidden,
    inputSize,
    input: (_, direction) => matrix(input, inputSize, direction, 0, GATES),
    recurrence: (_, direction, first, gates) => matrix(recurrence, hidden, direction, first, gates),
  };
}

/** W or R, [directions, depth, gates * hidden], transposed and without zero points. */
function readCodes(context: Lowering, source: Source): Codes {
  const weights = context.constant(source.codes);
  const scale = context.constant(source.scale);
  const zeroPoint = constantIf(context, source.zeroPoint);
  const [directions = 0, depth = 0, width = 0] = weights.shape;
  const perRow = scale.shape.length === 2 && scale.shape[1] !== 1;
  const spread = (values: ArrayLike<number>) =>
    new Float32Array(directions * width).map((_, i) => values[perRow ? i : Math.floor(i / width)] ?? 0);
  const codes = derivedFloats(context, weights, "codes", () =>
    centered(valuesOf(weights), spread(zeroPoint === undefined ? [] : valuesOf(zeroPoint)), depth, width),
  );
  return { codes, scales: spread(valuesOf(scale)) };
}

function centered(
  values: ArrayLike<number>,
  zeroPoints: Float32Array,
  depth: number,
  width: number,
): Float64Array {
  const out = new Float64Array(values.length);
  for (let row = 0; row < zeroPoints.length; row++) {
    const from = Math.floor(row / width) * depth * width + (row % width);
    for (let k = 0; k < depth; k++) out[row * depth + k] = values[from + k * width]! - zeroPoints[row]!;
  }
  return out;
}

export const quantizedRecurrent: OperatorTable = { DynamicQuantizeLSTM: dynamicQuantizeLstm };
