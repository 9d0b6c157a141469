/** Small models for tests. */
import type { DType, HostTensor } from "@bitbudget/core";
import {
  create,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeValueInfo,
  type NodeProto,
  toTensorProto,
} from "@bitbudget/onnx";

type Shape = readonly (number | string)[];

export interface GraphParts {
  readonly inputs?: Readonly<Record<string, readonly [DType, Shape]>>;
  readonly outputs: Readonly<Record<string, readonly [DType, Shape]>>;
  readonly constants?: Readonly<Record<string, HostTensor>>;
  readonly nodes: readonly NodeProto[];
}

export function graphOf({ inputs = {}, outputs, constants = {}, nodes }: GraphParts): GraphProto {
  const declare = (values: GraphParts["outputs"]) =>
    Object.entries(values).map(([name, [dtype, shape]]) => makeValueInfo(name, dtype, shape));
  return create(GraphProtoSchema, {
    name: "test",
    input: declare(inputs),
    output: declare(outputs),
    initializer: Object.entries(constants).map(([name, value]) => toTensorProto(value, name)),
    node: [...nodes],
  });
}

export function modelOf(parts: GraphParts, opset = 21): ModelProto {
  const opsets = [
    { domain: "", version: BigInt(opset) },
    { domain: "com.microsoft", version: 1n },
  ];
  return create(ModelProtoSchema, { irVersion: 10n, opsetImport: opsets, graph: graphOf(parts) });
}
