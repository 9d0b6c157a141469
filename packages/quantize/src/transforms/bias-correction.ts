/**
 * Bias correction: rounded weights move the mean of what a layer computes, and its bias takes that back (Nagel et al.
 * 2019, section 4.2 "Quantization bias correction"; Banner et al. 2019, "Post Training 4-bit Quantization", section 4).
 *
 * `correctBias` computes it from the mean of each layer's inputs: b += (W - Wq) E[x]. `correctBiasEmpirically` measures it:
 * layer by layer, so that each sees what the ones before it, corrected, made of the data; activations may be rounded, too.
 */
import type { Backend } from "@bitbudget/backend";
import { dequantize, type Quantized, valuesOf } from "@bitbudget/core";
import { copyModel, Graph, type ModelProto } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { type Batches, batchesOf } from "@bitbudget/train";
import type { Calibration, LayerGram } from "../calibration/statistics.ts";
import { AssignmentError, QuantizeError } from "../errors.ts";
import { type Layer, layersOf } from "../layers.ts";
import { biasShift } from "../rounding/loss.ts";
import { weightMatrix } from "../rounding/matrix.ts";
import { floatsOf } from "./absorb.ts";
import { addToOutput, hasOutputs } from "./biases.ts";
import { factsOf } from "./channel-groups.ts";
import { forEachChannel } from "./channel-map.ts";
import { inputChannels, inputStatistics } from "./input-channels.ts";
import { activationAxis } from "./layer-groups.ts";
import type { Facts } from "./rule.ts";

export interface CorrectBiasOptions {
  /** Rounded weights, by the names of their initializers. */
  readonly weights: ReadonlyMap<string, Quantized>;
  /** Means of the channels of the layers' inputs. */
  readonly calibration: Calibration;
  /** By the names of layers: their means tell positions of a kernel apart, so that borders of zeros count. */
  readonly grams?: ReadonlyMap<string, LayerGram>;
}

/**
 * The float model with other biases, for weights that become the rounded ones. Layers whose inputs were not calibrated, or
 * whose bias is no constant, stay as they are.
 * @throws QuantizeError for rounded weights of another shape
 */
export function correctBias(model: ModelProto, options: CorrectBiasOptions): ModelProto {
  const copy = copyModel(model);
  const graph = Graph.of(copy);
  const facts = factsOf(copy, graph);
  for (const layer of layersOf(graph)) {
    const rounded = options.weights.get(layer.weights[0]?.name ?? "");
    if (rounded === undefined || !hasOutputs(layer, graph)) continue;
    const shift = meanShift(facts, layer, dequantize(rounded), options);
    if (shift !== undefined) addToOutput(graph, layer, shift);
  }
  graph.sort();
  return copy;
}

/** (W - Wq) E[x], a number for each output channel. */
function meanShift(
  facts: Facts,
  layer: Layer,
  rounded: Float32Array,
  { calibration, grams }: CorrectBiasOptions,
): Float64Array | undefined {
  const [weight] = layer.weights;
  if (weight === undefined) return undefined;
  const { shape, data } = floatsOf(facts.graph, weight.name);
  if (rounded.length !== data.length)
    throw new QuantizeError(
      `${JSON.stringify(weight.name)} has ${data.length} weights and its rounded form ${rounded.length}`,
    );
  const gram = grams?.get(layer.name);
  const matrix = weightMatrix(layer, weight);
  if (gram !== undefined && matrix !== undefined) return biasShift(data, rounded, matrix, gram);
  const channels = inputChannels(facts, layer);
  const means = channels && inputStatistics(calibration, layer, channels)?.mean;
  if (channels === undefined || means === undefined) return undefined;
  const rows = shape[weight.channelAxis] ?? 0;
  const inner = shape.slice(weight.channelAxis + 1).reduce((product, size) => product * size, 1);
  const shift = new Float64Array(rows);
  forEachChannel(shape, channels.weight, (i, channel) => {
    shift[Math.floor(i / inner) % rows]! += (data[i]! - rounded[i]!) * means[channel]!;
  });
  return shift;
}

export interface EmpiricalOptions {
  readonly backend: Backend;
  readonly batches: Batches;
  /**
   * The model as it will be quantized, but in float arithmetic and with the values of the float model under their names;
   * called for each layer with the model that has the biases found so far.
   */
  readonly quantized: (model: ModelProto) => ModelProto | Promise<ModelProto>;
  /** Names of the layers to correct, in the order of the model. Default: all that have a bias. */
  readonly layers?: readonly string[];
  readonly onProgress?: (done: number, of: number) => void;
}

/**
 * The float model with biases that make the mean of each output channel, in the quantized model, that of the float model.
 * Layers are corrected in order, with a pass over the data for each.
 * @throws AssignmentError for names that are no layers, QuantizeError without batches
 */
export async function correctBiasEmpirically(
  model: ModelProto,
  options: EmpiricalOptions,
): Promise<ModelProto> {
  const copy = copyModel(model);
  const graph = Graph.of(copy);
  const all = layersOf(graph).filter((layer) => hasOutputs(layer, graph));
  const wanted = options.layers ?? all.map(({ name }) => name);
  for (const name of wanted)
    if (!all.some((layer) => layer.name === name))
      throw new AssignmentError(name, "the model has no layer of that name whose outputs could be corrected");
  const chosen = all.filter(({ name }) => wanted.includes(name));
  const outputs = chosen.map(({ node }) => node.output[0] ?? "");
  const float = await channelMeans(model, chosen, outputs, options);
  for (const [i, layer] of chosen.entries()) {
    const output = outputs[i] ?? "";
    const [now] = await channelMeans(await options.quantized(copy), [layer], [output], options);
    const before = float[i];
    if (before !== undefined && now !== undefined)
      addToOutput(
        graph,
        layer,
        before.map((mean, c) => mean - now[c]!),
      );
    options.onProgress?.(i + 1, chosen.length);
  }
  graph.sort();
  return copy;
}

async function channelMeans(
  model: ModelProto,
  layers: readonly Layer[],
  names: readonly string[],
  { backend, batches }: EmpiricalOptions,
): Promise<Float64Array[]> {
  await using session = await createSession(model, { backend });
  const outputs = new Set(session.outputs.map(({ name }) => name));
  const capture = names.filter((name) => !outputs.has(name));
  const sums: Float64Array[] = [];
  const counts = new Float64Array(names.length);
  for await (const { feeds } of batchesOf(batches, 0, 0)) {
    const results = await session.run(feeds, { capture });
    for (const [i, layer] of layers.entries()) {
      const value = results[names[i] ?? ""];
      if (value === undefined) continue;
      const axis = activationAxis(layer, value.shape.length);
      const channels = value.shape[axis] ?? 1;
      const inner = value.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
      const numbers = valuesOf(value);
      sums[i] ??= new Float64Array(channels);
      const sum = sums[i];
      for (let at = 0, c = 0; at < numbers.length; c = (c + 1) % channels)
        for (let end = at + inner; at < end; at++) sum[c]! += numbers[at]!;
      counts[i]! += numbers.length / channels;
    }
  }
  if (names.length > 0 && sums.length === 0)
    throw new QuantizeError("there are no batches to find means with; give at least one");
  return sums.map((sum, i) => sum.map((total) => total / counts[i]!));
}
