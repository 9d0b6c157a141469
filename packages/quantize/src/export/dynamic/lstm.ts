/**
 * LSTMs on codes (com.microsoft DynamicQuantizeLSTM): W and R transposed to [directions, inputs, 4 * hidden], with a scale
 * for each column or for each direction.
 */
import { type DType, type HostTensor, type Quantized, tensor, valuesOf } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import type { Layer } from "../../layers.ts";
import { storedAs } from "../weights/codes.ts";
import { MICROSOFT, type Writer } from "../writer.ts";

/** Inputs X, W, R, B, sequence_lens, initial_h, initial_c, P. */
const LSTM_INPUTS = 8;

/** `weights`: W and R, in this order. */
export function dynamicLstm(
  writer: Writer,
  { node }: Layer,
  weights: readonly (readonly [name: string, Quantized])[],
  storage: DType,
): void {
  const parts = weights.map(([name, quantized]) => {
    const { codes, scales, zeroPoints } = storedAs(quantized, storage);
    const [directions = 1] = codes.shape;
    const zeros = zeroPoints === undefined ? [0] : Array.from(valuesOf(zeroPoints));
    // The scales of channels are those of both directions.
    const shape = scales.length === 1 ? [directions] : [directions, scales.length];
    const repeated = (values: ArrayLike<number>) =>
      Array.from({ length: directions * scales.length }, (_, i) => values[i % values.length]!);
    return {
      codes: writer.constant(`${name}_codes`, columnsFirst(codes)),
      scale: writer.constant(`${name}_scale`, tensor("float32", shape, repeated(scales))),
      zeroPoint: writer.constant(`${name}_zero_point`, tensor(storage, shape, repeated(zeros))),
    };
  });
  const inputs = Array.from({ length: LSTM_INPUTS }, (_, i) => node.input[i] ?? "");
  parts.forEach(({ codes }, i) => {
    inputs[1 + i] = codes;
  });
  const scales = parts.flatMap(({ scale, zeroPoint }) => [scale, zeroPoint]);
  const lstm = makeNode("DynamicQuantizeLSTM", [...inputs, ...scales], node.output, {
    name: node.name,
    domain: MICROSOFT,
  });
  lstm.attribute = node.attribute;
  writer.graph.replaceNode(node, lstm);
}

/** [directions, columns, rows] as [directions, rows, columns]. */
function columnsFirst({ dtype, shape, data }: HostTensor): HostTensor {
  const [directions = 0, columns = 0, rows = 0] = shape;
  const values = valuesOf({ dtype, shape, data });
  const out = values.slice();
  for (let d = 0; d < directions; d++)
    for (let c = 0; c < columns; c++)
      for (let r = 0; r < rows; r++)
        out[(d * rows + r) * columns + c] = values[(d * columns + c) * rows + r]!;
  return tensor(dtype, [directions, rows, columns], Array.from(out));
}
