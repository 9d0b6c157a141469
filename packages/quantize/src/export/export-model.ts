/**
 * A float model with an assignment as the ONNX file that a target runs: each layer is written by the row of the target's
 * table that fits its scheme. Weights come one by one, and each float weight is let go as soon as its codes are there.
 */
import { type DType, dtypes, type Quantized } from "@bitbudget/core";
import {
  canonicalDomain,
  copyModel,
  create,
  externalReference,
  Graph,
  isExternal,
  ModelFile,
  type ModelProto,
  OperatorSetIdProtoSchema,
  opsetVersion,
  prune,
  StringStringEntryProtoSchema,
  toTensorProto,
} from "@bitbudget/onnx";
import { fuseQdq } from "@bitbudget/runtime";
import type { Calibration } from "../calibration/statistics.ts";
import { AssignmentError, QuantizeError } from "../errors.ts";
import { type Layer, type LayerWeight, layersOf } from "../layers.ts";
import { type Assignment, checkAssignment, type LayerScheme } from "../scheme.ts";
import { explicitConvolutions } from "./conv-attributes.ts";
import { release } from "./release.ts";
import { writeStatic } from "./static/index.ts";
import { takeInBiases } from "./take-in-bias.ts";
import type { EncodingRow } from "./targets/encodings.ts";
import { encodingOf } from "./targets/support.ts";
import type { Target } from "./targets/target.ts";
import { Shared, writeLayer } from "./write-layer.ts";
import { MICROSOFT, Writer } from "./writer.ts";

export interface ExportOptions {
  /** A float model of opset 21 (`floatModel`), which stays as it is. External data may stay where they are. */
  readonly model: ModelProto | ModelFile;
  readonly assignment: Assignment;
  /** Codes of one weight of one layer, made when they are asked for. Equal layers may get the same object: it is stored once. */
  readonly weights: (layer: Layer, weight: LayerWeight) => Quantized | Promise<Quantized>;
  /** Ranges of activations, which static ones need. */
  readonly calibration?: Calibration;
  readonly target: Target;
  /**
   * How operators on codes are written: "qdq" between DequantizeLinear and QuantizeLinear, which runtimes fuse; "qoperator" as
   * QLinearConv, QLinearMatMul, QGemm and their like. Default "qdq".
   */
  readonly encoding?: "qdq" | "qoperator";
}

/** Key of the metadata that says what made a file. */
export const METADATA_KEY = "bitbudget.quantization";

interface Job {
  readonly layer: Layer;
  readonly scheme: LayerScheme;
  readonly row: EncodingRow;
}

/**
 * The quantized model.
 * @throws AssignmentError for a layer that does not exist or codes that do not fit its weight
 * @throws TargetError for a scheme that the target does not run, with the reason
 * @throws QuantizeError for static activations without calibration, and for models older than opset 21
 */
export async function exportModel(options: ExportOptions): Promise<ModelProto> {
  const { assignment, target, calibration, encoding = "qdq" } = options;
  const file = options.model instanceof ModelFile ? options.model : undefined;
  const model = copyModel(options.model instanceof ModelFile ? options.model.model : options.model);
  if (opsetVersion(model) < 21)
    throw new QuantizeError(
      `the model is of opset ${opsetVersion(model)}; start from \`floatModel\`, which is of 21`,
    );
  const graph = Graph.of(model);
  if (file !== undefined) await loadSmall(file, graph);
  const layers = layersOf(graph);
  checkAssignment(layers, assignment);
  const isStatic = ({ name }: Layer) => {
    const activation = assignment[name]?.activation;
    return activation !== undefined && activation.dynamic !== true;
  };
  const jobs = jobsOf(takeInBiases(model, graph, layers, isStatic), assignment, target);
  explicitConvolutions(model, graph);
  const writers = new Map<Graph, Writer>();
  const writerOf = (within: Graph): Writer => {
    const known = writers.get(within) ?? new Writer(within);
    writers.set(within, known);
    return known;
  };
  const weight = async (layer: Layer, each: LayerWeight) => {
    const quantized = await options.weights(layer, each);
    checkCodes(layer, each, quantized);
    return quantized;
  };
  const others = jobs.filter(({ row }) => row.encoding !== "static");
  const shared = new Shared();
  for (const { layer, row } of others) {
    const given: (readonly [string, Quantized])[] = [];
    for (const each of layer.weights) given.push([each.name, await weight(layer, each)]);
    writeLayer({ writer: writerOf(layer.graph), layer, row, weights: given, target, shared });
    release(layer);
  }
  await writeStatic(
    jobs.flatMap(({ layer, row, scheme: { activation } }) =>
      row.encoding === "static" && activation !== undefined ? [{ layer, row, activation }] : [],
    ),
    {
      graph,
      writer: writerOf(graph),
      target,
      calibration,
      explicit: encoding === "qoperator",
      weight: async (layer) => {
        const [only] = layer.weights;
        if (only === undefined) throw new AssignmentError(layer.name, "has no weight");
        return [only.name, await weight(layer, only)];
      },
    },
  );
  for (const within of writers.keys()) within.sort();
  graph.refresh();
  prune(graph);
  if (encoding === "qoperator") {
    fuseQdq(graph, { opset: opsetVersion(model), layout: "nchw", standard: true });
    graph.sort();
    prune(graph);
  }
  complete(model, graph);
  describe(model, options);
  return model;
}

function jobsOf(layers: readonly Layer[], assignment: Assignment, target: Target): Job[] {
  return layers.flatMap((layer): Job[] => {
    const scheme = assignment[layer.name];
    if (scheme === undefined || (scheme.weight === undefined && scheme.activation === undefined)) return [];
    return [{ layer, scheme, row: encodingOf(target, layer, scheme) }];
  });
}

/** Constants that are read here and there (biases, bounds), and may lie in another file; large ones stay there. */
async function loadSmall(file: ModelFile, graph: Graph): Promise<void> {
  for (const proto of [...graph.initializers])
    if (isExternal(proto) && (proto.dims.length <= 1 || externalReference(proto).length <= SMALL))
      graph.initializers.set(toTensorProto(await file.tensor(proto), proto.name));
  for (const node of graph.nodes) for (const inner of graph.subgraphs(node)) await loadSmall(file, inner);
}

/** Bytes of what is small beside any model with external data. */
const SMALL = 2 ** 16;

function checkCodes(layer: Layer, weight: LayerWeight, quantized: Quantized): void {
  if (quantized.shape.join() === weight.shape.join()) return;
  const detail = `the codes of ${JSON.stringify(weight.name)} are of shape [${quantized.shape.join(", ")}], the weight is of [${weight.shape.join(", ")}]`;
  throw new AssignmentError(layer.name, detail);
}

/** Imports what the nodes need: other domains, versions that have the formats of the constants. */
function complete(model: ModelProto, graph: Graph): void {
  const formats = new Set<number>();
  const domains = new Set<string>();
  const visit = (within: Graph) => {
    for (const { dataType } of within.initializers) formats.add(dataType);
    for (const node of within.nodes) {
      domains.add(canonicalDomain(node.domain));
      for (const inner of within.subgraphs(node)) visit(inner);
    }
  };
  visit(graph);
  const has = (...names: DType[]) => names.some((name) => formats.has(dtypes[name].onnx));
  if (has("float4_e2m1")) raise(model, 23n, 11n);
  if (has("int2", "uint2")) raise(model, 25n, 13n);
  raise(model, 21n, 10n);
  if (domains.has(MICROSOFT) && !model.opsetImport.some(({ domain }) => domain === MICROSOFT))
    model.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: MICROSOFT, version: 1n }));
}

function raise(model: ModelProto, opset: bigint, ir: bigint): void {
  for (const each of model.opsetImport)
    if (canonicalDomain(each.domain) === "" && each.version < opset) each.version = opset;
  if (model.irVersion < ir) model.irVersion = ir;
}

function describe(model: ModelProto, { target, assignment, encoding = "qdq" }: ExportOptions): void {
  const value = JSON.stringify({ target, encoding, assignment });
  model.metadataProps = model.metadataProps.filter(({ key }) => key !== METADATA_KEY);
  model.metadataProps.push(create(StringStringEntryProtoSchema, { key: METADATA_KEY, value }));
}
