/**
 * com.microsoft DynamicQuantizeLSTM: an LSTM whose weights are 8-bit codes, and whose inputs and hidden states are
 * quantized while it runs: the inputs of all steps together, the hidden states of a batch at every step.
 */
import { valuesOf } from "@bitbudget/core";
import { quantizedMatrix } from "../host/recurrent/matrix.ts";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { derivedFloats } from "./host-inputs.ts";
import type { OperatorTable } from "./index.ts";
import { type LayerWeights, lstmKind, recurrentOnHost } from "./recurrent.ts";
import { checkShape, directionsOf, layerOf } from "./recurrent-layer.ts";

const GATES = 4;

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
  const input = readCodes(context, 1, 8);
  const recurrence = readCodes(context, 2, 10);
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
  const weights: LayerWeights = {
    indices: [],
    hidden,
    inputSize,
    input: (_, direction) => matrix(input, inputSize, direction, 0, GATES),
    recurrence: (_, direction, first, gates) => matrix(recurrence, hidden, direction, first, gates),
  };
  return recurrentOnHost(context, lstmKind, layerOf(context, lstmKind, hidden, inputSize), weights);
}

/** W or R, [directions, depth, gates * hidden], transposed and without zero points; its scale and zero point follow. */
function readCodes(context: Lowering, index: number, scaleIndex: number): Codes {
  const weights = context.constant(index);
  const scale = context.constant(scaleIndex);
  const zeroPoint = context.has(scaleIndex + 1) ? context.constant(scaleIndex + 1) : undefined;
  const [directions = 0, depth = 0, width = 0] = weights.shape;
  const perRow = scale.shape.length === 2 && scale.shape[1] !== 1;
  checkShape(
    context,
    scaleIndex,
    perRow ? [directions, width] : scale.shape.length === 2 ? [directions, 1] : [directions],
  );
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
