/** Tensors to float64 arrays and back: host functions compute in float64 and round once, at the end. */
import { encodeArray, type HostTensor, type TensorType, valuesOf } from "@bitbudget/core";

/** The elements of a tensor, in an array that is never its own. */
export function floatsOf(tensor: HostTensor): Float64Array {
  return Float64Array.from(valuesOf(tensor));
}

/** A tensor of the numbers nearest to `values`; what is too large for a float format becomes infinite. */
export function tensorOfFloats(type: TensorType, values: Float64Array): HostTensor {
  return { ...type, data: encodeArray(type.dtype, values, undefined, { saturate: false }) };
}
