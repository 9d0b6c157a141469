/** Holds a gradient to central differences in float64: (L(x + h) - L(x - h)) / 2h for every element of every input. */
import { open } from "@bitbudget/backend-js";
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeValueInfo,
  type NodeProto,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession, type Feeds } from "@bitbudget/runtime";
import { expect } from "vitest";
import { type LossFunction, type Statistics, stepGraph } from "../../src/index.ts";

export interface GradientCase {
  readonly nodes: readonly NodeProto[];
  /** Float64 tensors to differentiate by. */
  readonly variables: Readonly<Record<string, HostTensor>>;
  /** Everything else that the nodes read: indices, axes, masks. */
  readonly constants?: Readonly<Record<string, HostTensor>>;
  /** Initializers that are fed besides: running statistics. */
  readonly states?: Readonly<Record<string, HostTensor>>;
  readonly statistics?: Statistics;
  /** Default: the last node's first output. */
  readonly output?: string;
  /** Default 1e-5. */
  readonly step?: number;
  /** Largest difference, relative to 1 + the gradient. Default 1e-6. */
  readonly tolerance?: number;
}

/** Numbers between -1 and 1 without structure, the same in every run; at least 0.05 from 0, where functions have kinks. */
export function numbers(shape: readonly number[], seed = 1): HostTensor<"float64"> {
  let state = seed * 2654435761;
  const draw = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    const x = ((state ^ (state >>> 13)) >>> 0) / 2 ** 31 - 1;
    return x + Math.sign(x) * 0.05;
  };
  return tensor("float64", shape, Float64Array.from({ length: elementCount(shape) }, draw));
}

/** A model of some nodes, in float64. */
export function modelOf({ nodes, variables, constants = {}, states = {}, output }: GradientCase): ModelProto {
  const name = output ?? nodes.at(-1)?.output[0] ?? "";
  const initializer = Object.entries({ ...variables, ...constants, ...states }).map(([key, value]) =>
    toTensorProto(value, key),
  );
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [
      { domain: "", version: 21n },
      { domain: "com.microsoft", version: 1n },
    ],
    graph: create(GraphProtoSchema, {
      name: "case",
      initializer,
      output: [makeValueInfo(name, "float64")],
      node: [...nodes],
    }),
  });
}

/** The sum of all elements, each times a number of its own: no two of them can stand in for each other. */
function weightedSum(name: string): LossFunction {
  return ({ ops, value }) => {
    const y = value(name);
    const weights = ops.constant(numbers(y.shape, 7));
    return ops.sum(
      ops.mul(y, weights),
      y.shape.map((_, axis) => axis),
    );
  };
}

export async function checkGradients(given: GradientCase): Promise<void> {
  const model = modelOf(given);
  const { variables, states = {}, statistics = "batch", step = 1e-5, tolerance = 1e-6 } = given;
  const parameters = Object.keys(variables);
  const loss = weightedSum(given.output ?? given.nodes.at(-1)?.output[0] ?? "");
  const graph = stepGraph(model, { shapes: {}, parameters, states: Object.keys(states), statistics, loss });
  await using backend = await open();
  await using session = await createSession(graph.model, { backend });
  const results = await session.run({ ...variables, ...states });
  const lossAt = async (feeds: Feeds) => {
    const { [graph.loss]: value } = await session.run(feeds);
    return valuesOf(value!)[0]!;
  };
  for (const name of parameters) {
    const output = graph.gradients.get(name);
    const gradient = output === undefined ? undefined : valuesOf(results[output]!);
    const content = Float64Array.from(valuesOf(variables[name]!));
    for (let i = 0; i < content.length; i++) {
      const at = (x: number) =>
        lossAt({ ...variables, ...states, [name]: { ...variables[name]!, data: content.with(i, x) } });
      const expected = ((await at(content[i]! + step)) - (await at(content[i]! - step))) / (2 * step);
      const found = gradient?.[i] ?? 0;
      const distance = Math.abs(found - expected) / (1 + Math.abs(expected));
      expect(distance, `d loss / d ${name}[${i}]: ${found}, by differences ${expected}`).toBeLessThan(
        tolerance,
      );
    }
  }
}
