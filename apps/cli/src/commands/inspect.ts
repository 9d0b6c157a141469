/** `bitbudget inspect`: what a model is made of, and what each target can make of its layers. */
import { stat } from "node:fs/promises";
import { BitbudgetError } from "@bitbudget/core";
import { canonicalDomain, Graph, type ModelProto, opsetVersions } from "@bitbudget/onnx";
import { layersOf, METADATA_KEY, normalizeModel, supportedSchemes, targets } from "@bitbudget/quantize";
import { type CommandSpec, type Context, cacheOption, jsonOption } from "../command.ts";
import {
  bytesOf,
  describeValue,
  elementsOf,
  externalFiles,
  inputsOf,
  type ValueDescription,
} from "../models/describe.ts";
import { openSource } from "../models/open.ts";
import type { Values } from "../options.ts";
import { formatBytes, formatShape, textTable } from "../terminal/table.ts";

export const inspectCommand: CommandSpec = {
  name: "inspect",
  summary: "Says what a model takes, gives and is made of, and what each target runs of it",
  notes: `
Layers are those that can be quantized. Beside each stands how many schemes (formats of weights and activations,
granularities, mappings) every target runs it under; 0 means that it stays float there.

Examples:
  $ bitbudget inspect model.onnx
  $ bitbudget inspect hf:onnx-community/mobilenet_v2_1.0_224/onnx/model.onnx --json`,
  options: [jsonOption, cacheOption],
  run,
};

async function run(context: Context, source: string, values: Values): Promise<void> {
  const { path, file } = await openSource(context, source, values.flag("cache") === false);
  await using _ = file;
  const { model } = file;
  const graph = Graph.of(model);
  const external = externalFiles(model);
  const tensors = [...graph.initializers];
  const info = {
    model: source,
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(" "),
    opsets: Object.fromEntries(
      [...opsetVersions(model.opsetImport)].map(([domain, version]) => [domain || "ai.onnx", version]),
    ),
    inputs: inputsOf(graph),
    outputs: graph.outputs.map(describeValue),
    parameters: tensors.reduce((sum, tensor) => sum + elementsOf(tensor), 0),
    bytes: (await stat(path)).size + [...external.values()].reduce((sum, bytes) => sum + bytes, 0),
    external: Object.fromEntries(external),
    operators: countOperators(graph),
    layers: await layersWithTargets(model),
    quantization: quantizationOf(model),
  };
  if (values.flag("json") === true) context.terminal.json(info);
  else print(context, info);
}

type Info = Awaited<ReturnType<typeof layersWithTargets>>;

/** Layers as quantization finds them, after batch normalizations are folded; as they stand, where that cannot be done. */
async function layersWithTargets(model: ModelProto) {
  const normalized = await normalizeModel(model).catch((error: unknown) => {
    if (error instanceof BitbudgetError) return model;
    throw error;
  });
  return layersOf(Graph.of(normalized)).map((layer) => {
    const weights = layer.weights.map(({ name, shape }) => {
      const tensor = layer.graph.initializers.get(name) ?? layer.graph.outer?.initializers.get(name);
      return { name, shape, bytes: tensor === undefined ? 0 : bytesOf(tensor) };
    });
    return {
      name: layer.name,
      op: layer.opType,
      weights,
      parameters: weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
      bytes: weights.reduce((sum, { bytes }) => sum + bytes, 0),
      schemes: Object.fromEntries(targets.map((target) => [target, supportedSchemes(target, layer).length])),
    };
  });
}

function countOperators(graph: Graph): Record<string, number> {
  const counts = new Map<string, number>();
  const visit = (within: Graph) => {
    for (const node of within.nodes) {
      const domain = canonicalDomain(node.domain);
      const name = domain === "" ? node.opType : `${domain}.${node.opType}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      for (const inner of within.subgraphs(node)) visit(inner);
    }
  };
  visit(graph);
  return Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}

/** What made the file, where it was this project. */
function quantizationOf(model: ModelProto): unknown {
  const text = model.metadataProps.find(({ key }) => key === METADATA_KEY)?.value;
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

interface Printed {
  readonly model: string;
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly ValueDescription[];
  readonly outputs: readonly ValueDescription[];
  readonly parameters: number;
  readonly bytes: number;
  readonly external: Readonly<Record<string, number>>;
  readonly operators: Readonly<Record<string, number>>;
  readonly layers: Info;
  readonly quantization: unknown;
}

function print({ terminal }: Context, info: Printed): void {
  const value = ({ name, dtype, shape }: ValueDescription) =>
    `${name}: ${dtype} ${shape === undefined ? "[?]" : formatShape(shape)}`;
  const pairs = (record: Readonly<Record<string, number>>, format: (x: number) => string = String) =>
    Object.entries(record).map(([name, count]) => `${name} ${format(count)}`);
  const rows: [string, string][] = [
    ["model", info.model],
    ["size", `${formatBytes(info.bytes)}, ${info.parameters.toLocaleString("en")} parameters`],
    ...(info.producer === "" ? [] : ([["made by", info.producer]] satisfies [string, string][])),
    ["opsets", pairs(info.opsets).join(", ")],
    ["inputs", info.inputs.map(value).join("\n        ")],
    ["outputs", info.outputs.map(value).join("\n         ")],
    ["operators", pairs(info.operators).join(", ")],
  ];
  const external = pairs(info.external, formatBytes);
  if (external.length > 0) rows.push(["external data", external.join(", ")]);
  for (const [name, text] of rows) terminal.print(`${terminal.bold(name)}: ${text}`);
  if (info.layers.length === 0)
    terminal.print("No layer can be quantized: none has float weights that are constant.");
  else printLayers(terminal, info.layers);
  if (info.quantization !== undefined)
    terminal.print(`\n${terminal.bold("quantized by bitbudget")}: ${JSON.stringify(info.quantization)}`);
}

function printLayers(terminal: Context["terminal"], layers: Info): void {
  const header = ["layer", "op", "weights", "parameters", "bytes", ...targets];
  const rows = layers.map(({ name, op, weights, parameters, bytes, schemes }) => [
    name,
    op,
    weights.map(({ shape }) => formatShape(shape)).join(" "),
    parameters.toLocaleString("en"),
    formatBytes(bytes),
    ...targets.map((target) => `${schemes[target] ?? 0}`),
  ]);
  terminal.print(`\n${textTable([header, ...rows], header.map((_, i) => i).slice(3))}`);
}
