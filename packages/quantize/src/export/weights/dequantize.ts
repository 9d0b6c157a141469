/** Weights as codes with a DequantizeLinear: for a tensor, for each channel, in blocks. (ONNX DequantizeLinear 21) */
import { type DType, type HostTensor, type Quantized, tensor } from "@bitbudget/core";
import type { Writer } from "../writer.ts";
import { type StoredWeight, storedAs } from "./codes.ts";

/** Name of the decoded weight. */
export function dequantizedWeight(
  writer: Writer,
  name: string,
  quantized: Quantized,
  storage: DType,
): string {
  return dequantized(writer, name, storedAs(quantized, storage));
}

export function dequantized(writer: Writer, name: string, weight: StoredWeight): string {
  const { codes, scales, zeroPoints, shape, axis, blockSize } = weight;
  const inputs = [
    writer.constant(`${name}_codes`, codes),
    writer.constant(`${name}_scale`, scaleTensor(scales, shape)),
    zeroPoints === undefined ? "" : writer.constant(`${name}_zero_point`, zeroPoints),
  ];
  const attributes = {
    ...(axis !== undefined && { axis: BigInt(axis) }),
    ...(blockSize > 0 && { block_size: BigInt(blockSize) }),
  };
  return writer.node("DequantizeLinear", inputs, `${name}_decoded`, { attributes });
}

function scaleTensor(scales: Float32Array, shape: readonly number[]): HostTensor {
  return tensor("float32", shape, scales);
}
