/** What a model takes and gives, and how much room its weights take, without reading weights from other files. */
import { dtypes, isDType } from "@bitbudget/core";
import {
  allTensors,
  elementType,
  externalReference,
  type Graph,
  isExternal,
  type ModelProto,
  type TensorProto,
  type ValueInfoProto,
} from "@bitbudget/onnx";

export interface ValueDescription {
  readonly name: string;
  readonly dtype: string;
  /** A name for a size that is not fixed; undefined where nothing is known of the value's shape. */
  readonly shape: readonly (number | string)[] | undefined;
}

/** Inputs without those that have constants. */
export function inputsOf(graph: Graph): ValueDescription[] {
  return graph.inputs.filter(({ name }) => graph.initializers.get(name) === undefined).map(describeValue);
}

export function describeValue({ name, type }: ValueInfoProto): ValueDescription {
  if (type?.value.case !== "tensorType")
    return { name, dtype: type?.value.case ?? "unknown", shape: undefined };
  const { elemType, shape } = type.value.value;
  return {
    name,
    dtype: elementType(elemType) ?? `type ${elemType}`,
    shape: shape?.dim.map(({ value }) => {
      if (value.case === "dimValue") return Number(value.value);
      return value.case === "dimParam" && value.value !== "" ? value.value : "?";
    }),
  };
}

/** The size of batches that a model is fixed to; undefined where it takes any. */
export function fixedBatch(inputs: readonly ValueDescription[]): number | undefined {
  const size = inputs[0]?.shape?.[0];
  return typeof size === "number" && size > 0 ? size : undefined;
}

export function elementsOf({ dims }: Pick<TensorProto, "dims">): number {
  return dims.reduce((product, size) => product * Number(size), 1);
}

/** Bytes of a tensor's elements as ONNX stores them; those of strings are not counted. */
export function bytesOf(tensor: TensorProto): number {
  const dtype = elementType(tensor.dataType);
  return isDType(dtype) ? Math.ceil((elementsOf(tensor) * dtypes[dtype].bits) / 8) : 0;
}

/** Files that tensors lie in, with the bytes of each that are used. */
export function externalFiles(model: ModelProto): Map<string, number> {
  const files = new Map<string, number>();
  for (const tensor of allTensors(model)) {
    if (!isExternal(tensor)) continue;
    const { location, length } = externalReference(tensor);
    files.set(location, (files.get(location) ?? 0) + length);
  }
  return files;
}
