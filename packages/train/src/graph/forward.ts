/** A model as the start of a training step: every node with concrete types, composite operators taken apart. */
import { elementCount, isDType, type TensorType } from "@bitbudget/core";
import {
  Graph,
  inferShapes,
  type ModelProto,
  type NodeProto,
  nodeName,
  opsetVersions,
  subgraphsOf,
  tensorValue,
  upgradeOpset,
  type ValueType,
} from "@bitbudget/onnx";
import { operatorKey } from "../differentiate.ts";
import { NoGradientError, TrainingError } from "../errors.ts";
import { operators } from "../operators/index.ts";
import type { StatisticsMode } from "../operators/operator.ts";
import type { Value } from "./builder.ts";
import { Ops } from "./ops.ts";

export interface ForwardOptions {
  /** Concrete shapes of the model's inputs. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Initializers that are trained: fed in every step. */
  readonly parameters: readonly string[];
  /** Initializers that change without a gradient: fed in every step. Running statistics are found without it. */
  readonly states?: readonly string[];
  /** Default "batch". */
  readonly statistics?: Statistics;
}

/** What batch normalizations normalize with: all of them, or each by the name of its node. */
export type Statistics = StatisticsMode | ((node: string) => StatisticsMode);

export interface ForwardGraph {
  readonly ops: Ops;
  /** A value of the model, by its name there. @throws TrainingError for a name that it does not have */
  value(name: string): Value;
}

/** Emits the model into a new graph. @param given of opset 7 or newer */
export function forwardGraph(given: ModelProto, options: ForwardOptions): ForwardGraph {
  const { shapes, parameters, statistics = "batch" } = options;
  const model = upgradeOpset(given, { inputs: shapes });
  const graph = Graph.of(model);
  const modeOf = (node: NodeProto) =>
    typeof statistics === "string" ? statistics : statistics(nodeName(node));
  const states = new Set([...(options.states ?? []), ...runningStatistics(graph, modeOf)]);
  const { types, unknown } = inferShapes(model, { inputs: shapes });
  const ops = new Ops(opsetVersions(model.opsetImport).get(""));
  ops.reserve(types.keys());
  const values = new Map<string, Value>();
  for (const { name } of graph.inputs) {
    const type = concrete(types.get(name));
    if (type === undefined)
      throw new TrainingError(
        `the type of the input ${JSON.stringify(name)} is not known (${show(types.get(name))}); give it a shape`,
      );
    values.set(name, ops.input(name, type));
  }
  for (const proto of graph.proto.initializer) {
    const tensor = tensorValue(proto);
    const value =
      states.has(proto.name) || parameters.includes(proto.name)
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
        "graphs inside of nodes cannot be trained; write it without them",
      );
    const inputs = node.input.map((name) => (name === "" ? undefined : known(name)));
    const outputs = node.output.map((name) => {
      if (name === "") return undefined;
      const type = concrete(types.get(name));
      if (type !== undefined) return { name, ...type };
      const why = unknown.includes(node)
        ? "the operator is not known; replace it"
        : `the shape of ${JSON.stringify(name)} follows from data (${show(types.get(name))}); replace it, or give it a shape`;
      throw new NoGradientError(nodeName(node), operatorKey(node), why);
    });
    const place = { ops, graph, states, statistics: modeOf(node) };
    for (const [i, value] of emitNode(place, node, inputs, outputs).entries()) {
      const output = outputs[i];
      if (output === undefined || value === undefined) continue;
      values.set(output.name, value);
      const content = contentOf(types.get(output.name));
      if (content !== undefined) ops.setContent(value, content);
    }
  }
  return { ops, value: known };
}

interface Place {
  readonly ops: Ops;
  readonly graph: Graph;
  readonly states: ReadonlySet<string>;
  readonly statistics: StatisticsMode;
}

function emitNode(
  { ops, graph, states, statistics }: Place,
  node: NodeProto,
  inputs: readonly (Value | undefined)[],
  outputs: readonly (Value | undefined)[],
): readonly (Value | undefined)[] {
  const key = operatorKey(node);
  const operator = Object.hasOwn(operators, key) ? operators[key] : undefined;
  if (operator === undefined) {
    ops.adopt(
      node,
      inputs,
      outputs.filter((output) => output !== undefined),
    );
    return outputs;
  }
  const fail = (detail: string): never => {
    throw new NoGradientError(nodeName(node), key, detail);
  };
  const input = (i: number) => inputs[i] ?? fail(`it needs input ${i}`);
  const content = (i: number) => (inputs[i] === undefined ? undefined : ops.content(inputs[i]));
  const state = (i: number) => (states.has(node.input[i] ?? "") ? node.input[i] : undefined);
  const isSole = (i: number) => {
    const name = node.input[i] ?? "";
    return !graph.isOutput(name) && graph.consumers(name).length === 1;
  };
  return ops.within(nodeName(node), () =>
    operator({ ops, node, inputs, outputs, input, content, statistics, state, isSole, fail }),
  );
}

/** Initializers that are the running mean or variance of a normalization that uses the statistics of the batch. */
function runningStatistics(graph: Graph, modeOf: (node: NodeProto) => StatisticsMode): string[] {
  return graph.nodes
    .filter((node) => operatorKey(node) === "BatchNormalization" && modeOf(node) === "batch")
    .flatMap((node) => node.input.slice(3, 5))
    .filter((name) => graph.initializers.has(name));
}

/** Undefined where anything of it is not known. */
function concrete(type: ValueType | undefined): TensorType | undefined {
  const shape = type?.kind === "tensor" ? type.shape : undefined;
  const dtype = type?.kind === "tensor" ? type.dtype : undefined;
  const sizes = shape?.filter((size) => typeof size === "number");
  if (dtype === undefined || !isDType(dtype) || sizes === undefined || sizes.length !== shape?.length)
    return undefined;
  return { dtype, shape: sizes };
}

function show(type: ValueType | undefined): string {
  if (type?.kind !== "tensor") return "no tensor";
  return `${type.dtype ?? "?"} [${type.shape?.join(", ") ?? "?"}]`;
}

function contentOf(type: ValueType | undefined): readonly number[] | undefined {
  if (type?.kind !== "tensor" || type.data === undefined) return undefined;
  const numbers = type.data.filter((size) => typeof size === "number");
  return numbers.length === elementCount(type.shape?.map(Number) ?? []) ? numbers : undefined;
}
