/** Small float models, fake calibrations and codes for tests of export. */

import { open } from "@bitbudget/backend-js";
import { type HostTensor, type Quantized, quantize, type Range, tensor, valuesOf } from "@bitbudget/core";
import {
  type AttributeValue,
  create,
  Graph,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeProto,
  tensorValue,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import {
  type Assignment,
  type Calibration,
  coreScheme,
  type ExportOptions,
  exportModel,
  type Layer,
  type LayerWeight,
  layersOf,
  type Target,
} from "../../src/index.ts";

type Shape = readonly number[];

/** Numbers in a range, the same in every run (a linear congruential generator). */
export function random(shape: Shape, seed: number, low = -1, high = 1): HostTensor<"float32"> {
  let state = seed * 7919 + 13;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return low + ((high - low) * state) / 0x7fffffff;
  };
  const count = shape.reduce((a, b) => a * b, 1);
  return tensor("float32", shape, Float32Array.from({ length: count }, next));
}

export interface Parts {
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly outputs: readonly string[];
  readonly constants: Readonly<Record<string, HostTensor>>;
  readonly nodes: readonly NodeProto[];
}

export function modelOf({ inputs, outputs, constants, nodes }: Parts): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph: create(GraphProtoSchema, {
      name: "test",
      input: Object.entries(inputs).map(([name, { dtype, shape }]) => makeValueInfo(name, dtype, shape)),
      output: outputs.map((name) => makeValueInfo(name, "float32")),
      initializer: Object.entries(constants).map(([name, value]) => toTensorProto(value, name)),
      node: [...nodes],
    }),
  });
}

/** A node named after its operator and result. */
export function op(
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeProto {
  return makeNode(opType, inputs, [output], { name: `${opType} ${output}`, attributes });
}

/** Codes that are nearest to the weights of a model. */
export function nearest(model: ModelProto, assignment: Assignment) {
  const { initializers } = Graph.of(model);
  return (layer: Layer, weight: LayerWeight): Quantized => {
    const proto = initializers.get(weight.name);
    const scheme = assignment[layer.name]?.weight;
    if (proto === undefined || scheme === undefined) throw new Error(`${layer.name} has no weight or scheme`);
    const values = new Float32Array(valuesOf(tensorValue(proto)));
    return quantize(values, weight.shape, coreScheme(layer, weight, scheme));
  };
}

/** Ranges that are known by name; the default holds everything in these models. */
export function ranges(
  known: Readonly<Record<string, Range>> = {},
  others: Range = { min: -4, max: 4 },
): Calibration {
  return {
    samples: 1,
    names: Object.keys(known),
    value: (name) => ({ name, count: 1, range: () => known[name] ?? others, channels: undefined }),
  };
}

/** The smallest and largest numbers of all values in a run. */
export async function observed(
  model: ModelProto,
  feeds: Readonly<Record<string, HostTensor>>,
): Promise<Calibration> {
  const names = Graph.of(model).nodes.flatMap(({ output }) => output);
  await using backend = await open();
  await using session = await createSession(model, { backend });
  const values = { ...feeds, ...(await session.run(feeds, { capture: names })) };
  const known = Object.entries(values).map(([name, value]) => {
    const numbers = Array.from(valuesOf(value));
    return [name, { min: Math.min(...numbers), max: Math.max(...numbers) }] as const;
  });
  return ranges(Object.fromEntries(known));
}

/** Exports with the nearest codes and one scheme for all layers that `choose` picks. */
export async function exported(
  model: ModelProto,
  target: Target,
  assignment: Assignment,
  options: Partial<ExportOptions> = {},
): Promise<ModelProto> {
  return await exportModel({
    model,
    target,
    assignment,
    weights: nearest(model, assignment),
    calibration: ranges(),
    ...options,
  });
}

export function operators(model: ModelProto): string[] {
  return Graph.of(model).nodes.map(({ opType }) => opType);
}

export function layerOf(model: ModelProto, at = 0): Layer {
  const layer = layersOf(Graph.of(model))[at];
  if (layer === undefined) throw new Error(`the model has no layer ${at}`);
  return layer;
}
