/** Initializers of a graph as numbers, and numbers as initializers. */
import { type HostTensor, valuesOf } from "@bitbudget/core";
import { canonicalDomain, type Graph, type NodeProto, tensorValue, toTensorProto } from "@bitbudget/onnx";
import { TrainingError } from "../errors.ts";

export type Float32Tensor = HostTensor<"float32">;

/** A copy of an initializer. @throws TrainingError for anything that is no float32 initializer */
export function floatsOf(graph: Graph, name: string): Float32Tensor {
  const proto = graph.initializers.get(name);
  const found = proto === undefined ? undefined : tensorValue(proto);
  if (found === undefined || !isFloat32(found))
    throw new TrainingError(
      `${JSON.stringify(name)} is no float32 initializer; convert the model to float32 first`,
    );
  return { ...found, data: Float32Array.from(valuesOf(found)) };
}

function isFloat32(tensor: { readonly dtype: string }): tensor is Float32Tensor {
  return tensor.dtype === "float32";
}

/** Adds an initializer. @returns its name, which is made from `base` */
export function addInitializer(graph: Graph, base: string, value: HostTensor): string {
  const name = graph.uniqueName(base);
  graph.initializers.set(toTensorProto(value, name));
  return name;
}

/** Whether a node is of a standard operator. */
export function isOp(node: NodeProto | undefined, ...opTypes: readonly string[]): node is NodeProto {
  return node !== undefined && canonicalDomain(node.domain) === "" && opTypes.includes(node.opType);
}
