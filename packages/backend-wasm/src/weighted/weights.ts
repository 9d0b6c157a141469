/** Weights of a spec as numbers to pack. */
import { decodeArray, elementCount, type HostTensor } from "@bitbudget/core";

/** The numbers of a tensor in float32: its own memory where that holds them. */
export function float32Weight(weight: HostTensor | undefined): Float32Array {
  if (weight === undefined) return new Float32Array(0);
  if (weight.data instanceof Float32Array) return weight.data;
  return Float32Array.from(decodeArray(weight.dtype, weight.data, elementCount(weight.shape)));
}
