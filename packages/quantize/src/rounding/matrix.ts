/** The weight of a layer as a matrix: one row for each output channel, with the terms of its sum. */
import { getInt } from "@bitbudget/onnx";
import { isRecurrent, type Layer, type LayerWeight } from "../layers.ts";

/** Element `term` of row `row` lies at row * rowStride + term * termStride. */
export interface WeightMatrix {
  readonly rows: number;
  /** Terms of a sum. */
  readonly size: number;
  readonly rowStride: number;
  readonly termStride: number;
  /** Groups of a convolution: consecutive rows that read inputs of their own. */
  readonly groups: number;
}

/**
 * Undefined for weights whose rows are not the sums of one product: of ConvTranspose, and those of more than two axes of
 * MatMul.
 */
export function weightMatrix(
  { opType, node }: Pick<Layer, "opType" | "node">,
  { shape, channelAxis }: Pick<LayerWeight, "shape" | "channelAxis">,
): WeightMatrix | undefined {
  const elements = shape.reduce((a, b) => a * b, 1);
  if (opType === "Conv") {
    const rows = shape[0] ?? 0;
    return rowMajor(rows, elements, getInt(node, "group", 1));
  }
  if (isRecurrent(opType)) return rowMajor((shape[0] ?? 0) * (shape[1] ?? 0), elements, shape[0] ?? 1);
  if (shape.length !== 2 || opType === "ConvTranspose") return undefined;
  if (channelAxis === 0) return rowMajor(shape[0] ?? 0, elements, 1);
  const [size = 0, rows = 0] = shape;
  return { rows, size, rowStride: 1, termStride: rows, groups: 1 };
}

function rowMajor(rows: number, elements: number, groups: number): WeightMatrix {
  const size = rows === 0 ? 0 : elements / rows;
  return { rows, size, rowStride: size, termStride: 1, groups };
}
