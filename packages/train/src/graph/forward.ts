/** A model as the start of a training step: every node with concrete types, composite operators taken apart. */
import { elementCount, isDType, type TensorType } from "@bitbudget/core";
import {
  Graph,
  inferShapes,
  type ModelProto,
  type NodeProto,
  nodeName,
  subgraphsOf,
  tensorValue,
  type ValueType,
} from "@bitbudget/onnx";
import { operatorKey } from "../differentiate.ts";
import { NoGradientError, TrainingError } from "../errors.ts";
import { operators } from "../operators/index.ts";
import type { Value } from "./builder.ts";
import { Ops } from "./ops.ts";

export interface ForwardOptions {
  /** Concrete shapes of the model's inputs. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Initializers that are fed in every step: those that are trained, and the statistics of normalizations. */
  readonly variables: readonly string[];
}

export interface ForwardGraph {
  readonly ops: Ops;
  /** A value of the model, by its name there. @throws TrainingError for a name that it does not have */
  value(name: string): Value;
}

/** Emits the model into a new graph. @param model of opset 21, as `upgrade` makes it */
export function forwardGraph(model: ModelProto, { shapes, variables }: ForwardOptions): ForwardGraph {
  const graph = Graph.of(model);
  const { types } = inferShapes(model, { inputs: shapes });
  const ops = new Ops();
  ops.reserve(types.keys());
  const values = new Map<string, Value>();
  for (const { name } of graph.inputs) values.set(name, ops.input(name, concrete(name, types.get(name))));
  for (const proto of graph.proto.initializer) {
    const tensor = tensorValue(proto);
    const value = variables.includes(proto.name)
      ? ops.input(proto.name, tensor)
      : ops.initializer(proto.name, tensor);
    values.set(proto.name, value);
  }
  const known = (name: string): Value => {
    const found = values.get(name);
    if (found === undefined)
      throw new TrainingError(
        `the model has no value ${JSON.stringify(name)}; its outputs are ${graph.outputs.map((output) => output.name).join(", ")}`,
      );
    return found;
  };
  for (const node of graph.order()) {
    if (subgraphsOf(node).length > 0)
      throw new NoGradientError(
        nodeName(node),
        operatorKey(node),
        "graphs inside of nodes cannot be trained",
      );
    const inputs = node.input.map((name) => (name === "" ? undefined : known(name)));
    const outputs = node.output
      .filter((name) => name !== "")
      .map((name) => ({ name, ...concrete(name, types.get(name)) }));
    for (const [i, value] of emitNode(ops, node, inputs, outputs).entries()) {
      const output = outputs[i];
      if (output === undefined) continue;
      values.set(output.name, value);
      const content = contentOf(types.get(output.name));
      if (content !== undefined) ops.setContent(value, content);
    }
  }
  return { ops, value: known };
}

function emitNode(
  ops: Ops,
  node: NodeProto,
  inputs: readonly (Value | undefined)[],
  outputs: readonly Value[],
): readonly Value[] {
  const key = operatorKey(node);
  const operator = Object.hasOwn(operators, key) ? operators[key] : undefined;
  if (operator === undefined) {
    ops.adopt(node, inputs, outputs);
    return outputs;
  }
  const fail = (detail: string): never => {
    throw new NoGradientError(nodeName(node), key, detail);
  };
  const input = (i: number) => inputs[i] ?? fail(`it needs input ${i}`);
  const content = (i: number) => (inputs[i] === undefined ? undefined : ops.content(inputs[i]));
  return operator({ ops, node, inputs, outputs, input, content, fail });
}

function concrete(name: string, type: ValueType | undefined): TensorType {
  const shape = type?.kind === "tensor" ? type.shape : undefined;
  const dtype = type?.kind === "tensor" ? type.dtype : undefined;
  const sizes = shape?.filter((size) => typeof size === "number");
  if (dtype === undefined || !isDType(dtype) || sizes === undefined || sizes.length !== shape?.length)
    throw new TrainingError(
      `the type of ${JSON.stringify(name)} is not known for these inputs (${dtype ?? "?"} [${shape?.join(", ") ?? "?"}]); give a shape for every input`,
    );
  return { dtype, shape: sizes };
}

function contentOf(type: ValueType | undefined): readonly number[] | undefined {
  if (type?.kind !== "tensor" || type.data === undefined) return undefined;
  const numbers = type.data.filter((size) => typeof size === "number");
  return numbers.length === elementCount(type.shape?.map(Number) ?? []) ? numbers : undefined;
}
