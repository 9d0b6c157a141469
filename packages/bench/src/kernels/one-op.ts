/** ONNX models of a node or two: what a rival is given to time one operator. */
import { type HostTensor, type TensorType, tensor } from "@bitbudget/core";
import {
  clone,
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeProto,
  toTensorProto,
} from "@bitbudget/onnx";

export interface OneOp {
  readonly nodes: readonly NodeProto[];
  readonly inputs: Readonly<Record<string, TensorType>>;
  readonly initializers?: Readonly<Record<string, HostTensor>>;
  /** The result is "y". */
  readonly output: TensorType;
  /** Version of the standard operators, default 21. */
  readonly opset?: number;
}

export function oneOp({ nodes, inputs, initializers = {}, output, opset = 21 }: OneOp): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [
      { domain: "", version: BigInt(opset) },
      { domain: "com.microsoft", version: 1n },
    ],
    graph: create(GraphProtoSchema, {
      name: "one-op",
      input: Object.entries(inputs).map(([name, { dtype, shape }]) => makeValueInfo(name, dtype, shape)),
      output: [makeValueInfo("y", output.dtype, output.shape)],
      initializer: Object.entries(initializers).map(([name, value]) => toTensorProto(value, name)),
      node: [...nodes],
    }),
  });
}

/** The same work, of whose result "y" one element comes back: the rest stays in the rival's memory, as ours does. */
export function keepingResult(model: ModelProto, { dtype, shape }: TensorType): ModelProto {
  const copy = clone(ModelProtoSchema, model);
  const graph = copy.graph!;
  for (const node of graph.node) node.output = node.output.map((name) => (name === "y" ? "y_kept" : name));
  const ones = shape.map(() => 1);
  graph.initializer.push(
    toTensorProto(tensor("int64", [ones.length], new BigInt64Array(ones.length)), "first"),
    toTensorProto(tensor("int64", [ones.length], BigInt64Array.from(ones, BigInt)), "second"),
  );
  graph.node.push(makeNode("Slice", ["y_kept", "first", "second"], ["y"]));
  graph.output = [makeValueInfo("y", dtype, ones)];
  return copy;
}
