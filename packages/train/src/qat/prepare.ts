/**
 * A float model as one for quantization-aware training (Jacob et al. 2018; Krishnamoorthi 2018): the same ONNX model with
 * quantizers before the operands of its products. Their steps are initializers, which are trained or not by the method
 * that is written into the file.
 */
import type { Backend } from "@bitbudget/backend";
import { extent, forEachRun, type Groups, groupSizes, groupsOf } from "@bitbudget/core";
import { clone, Graph, type ModelProto, ModelProtoSchema, prune, upgradeOpset } from "@bitbudget/onnx";
import type { Feeds } from "@bitbudget/runtime";
import { TrainingError } from "../errors.ts";
import { channelAxis } from "../operators/coded-products.ts";
import type { QuantizerMethod } from "../operators/quantizer.ts";
import { sampleActivations } from "./calibrate.ts";
import { type CodeRange, codeRange, type InitialStep, initialCoding, type Sample } from "./formats.ts";
import { quantizeActivation, quantizeWeight } from "./insert.ts";
import { checkScheme, type Layer, type LayerScheme, layersOf, type PlacedLayer } from "./layers.ts";
import { markTrained } from "./marks.ts";
import { normAfter, scaleByNorm } from "./norms.ts";
import { dropUpperBound } from "./relu.ts";
import { type Float32Tensor, floatsOf } from "./tensors.ts";

export interface PrepareOptions {
  /** What each layer becomes; undefined leaves it in float. */
  readonly layers: (layer: Layer) => LayerScheme | undefined;
  /**
   * What the first and the last layer become where `layers` gives them anything: 8 bits by default (as in Esser et al.
   * 2020, section 2.3), "as others" for what `layers` says.
   */
  readonly edges?: LayerScheme | "as others";
  /**
   * How steps are learned. PACT is a method for activations: with "pact" alone, weights learn theirs by LSQ. Default "lsq".
   */
  readonly method?:
    | QuantizerMethod
    | { readonly weight: QuantizerMethod; readonly activation: QuantizerMethod };
  /** Where steps start. Default: "min-max" for fixed ones, "mse" for others. */
  readonly start?: InitialStep;
  /**
   * What else reads a quantized activation, residual sums above all: the number before its quantization ("float", the
   * default, as in Esser et al. 2020), or the one after it ("quantized"), so that codes are all that is stored.
   */
  readonly others?: "float" | "quantized";
  /** Feeds of the model to find ranges of activations with; none are needed where weights alone are quantized. */
  readonly calibration?: AsyncIterable<Feeds> | Iterable<Feeds>;
  /** Where the model is run to see its activations. */
  readonly backend: Backend;
}

const EIGHT_BITS: LayerScheme = { weight: { dtype: "int8" }, activation: { dtype: "uint8" } };

/**
 * @returns a model of its own, of the opset that training works on; initializers keep their names
 * @throws TrainingError for schemes that do not fit a layer, or a step that would be 0
 */
export async function prepareQat(model: ModelProto, options: PrepareOptions): Promise<ModelProto> {
  const float = upgradeOpset(model);
  const prepared = clone(ModelProtoSchema, float);
  const graph = Graph.of(prepared);
  const layers = layersOf(graph)
    .map((layer) => ({ layer, scheme: schemeOf(layer, options) }))
    .filter(({ scheme }) => scheme.weight !== undefined || scheme.activation !== undefined);
  if (layers.length === 0)
    throw new TrainingError(
      "no layer of the model is to be quantized; `layers` gave nothing for any of them",
    );
  const { weight, activation } = methodsOf(options);
  // Weights first: normalizations are found by what follows a layer.
  for (const { layer, scheme } of layers) quantizeLayer(graph, layer, scheme, weight, options);
  await quantizeActivations(graph, float, layers, activation, options);
  graph.sort();
  prune(graph);
  return prepared;
}

function schemeOf(layer: Layer, { layers, edges = EIGHT_BITS }: PrepareOptions): LayerScheme {
  const given = layers(layer);
  if (given === undefined) return {};
  const isEdge = edges !== "as others" && (layer.isFirst || layer.isLast);
  const scheme: LayerScheme = isEdge
    ? { weight: given.weight && edges.weight, activation: given.activation && edges.activation }
    : given;
  checkScheme(layer, scheme);
  for (const part of [scheme.weight, scheme.activation]) if (part !== undefined) codeRange(part.dtype);
  return scheme;
}

function methodsOf({ method = "lsq" }: PrepareOptions) {
  if (typeof method !== "string") return method;
  return { weight: method === "pact" ? ("lsq" as const) : method, activation: method };
}

function startOf(method: QuantizerMethod, { start }: PrepareOptions): InitialStep {
  return start ?? (method === "fixed" ? "min-max" : "mse");
}

interface SchemedLayer {
  readonly layer: PlacedLayer;
  readonly scheme: LayerScheme;
}

/** Puts a quantizer between a layer and its weight, which is first scaled as a normalization after it will. */
function quantizeLayer(
  graph: Graph,
  layer: PlacedLayer,
  { weight: scheme }: LayerScheme,
  method: QuantizerMethod,
  options: PrepareOptions,
): void {
  const { node, weight } = layer;
  if (scheme === undefined || weight === undefined) return;
  const norm = normAfter(graph, node);
  const scaled = norm === undefined ? undefined : scaleByNorm(graph, node, norm);
  const numbers = scaled?.weight ?? floatsOf(graph, weight.name);
  const { granularity = "channel", dtype } = scheme;
  const codes = codeRange(dtype);
  const channel = channelAxis(node);
  const placed =
    typeof granularity === "object"
      ? { axis: 1 - channel, blockSize: granularity.block }
      : { axis: channel, blockSize: 0 };
  const groups = groupsOf(
    numbers.shape,
    typeof granularity === "object"
      ? { kind: "block", axis: placed.axis, size: placed.blockSize }
      : granularity === "channel"
        ? { kind: "channel", axis: channel }
        : { kind: "tensor" },
  );
  const samples = groupSamples(numbers, groups);
  const values = stepsOf(layer, samples, codes, startOf(method, options));
  const name = quantizeWeight(graph, scaled?.name ?? weight.name, {
    codes,
    scales: { values, shape: groups.shape },
    method,
    ...placed,
  });
  graph.setInput(node, 1, name);
  markTrained(graph, weight.name);
}

/** The numbers of each group. */
function groupSamples({ data: numbers }: Float32Tensor, groups: Groups): Sample[] {
  const lists = Array.from(groupSizes(groups), (size) => ({ values: new Float32Array(size), count: 0 }));
  forEachRun(groups, 0, numbers.length, (at, length, group) => {
    for (let i = 0; i < length; i++) {
      const list = lists[groups.columnwise ? group + i : group]!;
      list.values[list.count++] = numbers[at + i]!;
    }
  });
  return lists.map(({ values }) => ({ values, ...extent(values) }));
}

/** A group of nothing but zeros has the mean step of the others: it may become something else. */
function stepsOf(
  layer: Layer,
  samples: readonly Sample[],
  codes: CodeRange,
  start: InitialStep,
): Float32Array {
  const steps = samples.map((sample) => initialCoding(sample, codes, start).step);
  const positive = steps.filter((step) => step > 0);
  if (positive.length === 0)
    throw new TrainingError(
      `layer ${JSON.stringify(layer.name)} (${layer.opType}): the step of its weight would be 0, since all weights are; leave the layer in float`,
    );
  const mean = positive.reduce((a, b) => a + b, 0) / positive.length;
  return Float32Array.from(steps, (step) => step || mean);
}

/** Puts one quantizer before all layers that read an activation in the same format. */
async function quantizeActivations(
  graph: Graph,
  float: ModelProto,
  layers: readonly SchemedLayer[],
  method: QuantizerMethod,
  options: PrepareOptions,
): Promise<void> {
  const wanted = new Map<string, Map<string, { codes: CodeRange; slots: [PlacedLayer, number][] }>>();
  for (const { layer, scheme } of layers) {
    if (scheme.activation === undefined) continue;
    const { dtype } = scheme.activation;
    // A product of two activations has two of them.
    for (const slot of layer.weight === undefined ? [0, 1] : [0]) {
      const value = layer.node.input[slot] ?? "";
      if (graph.initializers.has(value)) continue;
      const formats = wanted.get(value) ?? new Map();
      wanted.set(value, formats);
      const { slots } = formats.get(dtype) ?? { slots: [] };
      formats.set(dtype, { codes: codeRange(dtype), slots: [...slots, [layer, slot]] });
    }
  }
  if (wanted.size === 0) return;
  if (options.calibration === undefined)
    throw new TrainingError(
      "activations are to be quantized: give batches in `calibration` to find their ranges",
    );
  const names = [...wanted.keys()];
  const samples = await sampleActivations(float, names, options.calibration, options.backend);
  for (const [value, formats] of wanted) {
    // The widest is for everybody else.
    const byWidth = [...formats.values()].sort((a, b) => a.codes.bits - b.codes.bits);
    let quantized = value;
    const own: { node: PlacedLayer["node"]; slot: number }[] = [];
    const before = [...graph.consumers(value)];
    for (const { codes, slots } of byWidth) {
      const { step, zeroPoint } = initialCoding(samples.get(value)!, codes, startOf(method, options));
      if (!(step > 0))
        throw new TrainingError(
          `the step of ${JSON.stringify(value)} would be 0, since it is 0 throughout the calibration batches; give batches in which it is not`,
        );
      const scales = { values: Float32Array.of(step), shape: [] };
      quantized = quantizeActivation(graph, value, { codes, scales, zeroPoint, method });
      for (const [{ node }, slot] of slots) {
        graph.setInput(node, slot, quantized);
        own.push({ node, slot });
      }
    }
    if (options.others === "quantized")
      graph.rewire(
        before.filter((use) => !own.some(({ node, slot }) => node === use.node && slot === use.slot)),
        value,
        quantized,
      );
    dropUpperBound(graph, value);
  }
}
