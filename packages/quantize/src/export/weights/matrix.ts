/** The weight of a MatMul or Gemm seen as [channels, terms], whichever way round it is stored. */
import { decodeArray, elementCount, type Quantized } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import type { Layer } from "../../layers.ts";

export interface Matrix {
  readonly channels: number;
  readonly terms: number;
  /** Where an element is: channel * channelStride + term * termStride. */
  readonly channelStride: number;
  readonly termStride: number;
}

export function matrixOf({ opType, node, weights }: Layer): Matrix {
  const [rows = 0, columns = 0] = weights[0]?.shape ?? [];
  const isTransposed = opType === "Gemm" && getInt(node, "transB", 0) === 1;
  return isTransposed
    ? { channels: rows, terms: columns, channelStride: columns, termStride: 1 }
    : { channels: columns, terms: rows, channelStride: 1, termStride: columns };
}

/** Unsigned codes as [channels, terms], one in a byte. `shift` is added to each. */
export function channelRows({ scheme, shape, codes }: Quantized, matrix: Matrix, shift: number): Uint8Array {
  const { channels, terms, channelStride, termStride } = matrix;
  const values = decodeArray(scheme.dtype, codes, elementCount(shape));
  const rows = new Uint8Array(channels * terms);
  for (let c = 0, to = 0; c < channels; c++)
    for (let k = 0; k < terms; k++, to++) rows[to] = values[c * channelStride + k * termStride]! + shift;
  return rows;
}

/** Numbers of blocks, stored along with the weight, as [channels, blocks]. */
export function blockRows(values: ArrayLike<number>, { channels, channelStride }: Matrix): Float64Array {
  const blocks = values.length / channels;
  // Scales lie as the weight does: [blocks, channels], or [channels, blocks].
  const isTransposed = channelStride !== 1;
  const rows = new Float64Array(values.length);
  for (let c = 0, to = 0; c < channels; c++)
    for (let b = 0; b < blocks; b++, to++)
      rows[to] = values[isTransposed ? c * blocks + b : b * channels + c]!;
  return rows;
}
