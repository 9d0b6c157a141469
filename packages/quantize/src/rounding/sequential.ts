/**
 * Layer after layer: each is rounded for the inputs that it has once those before it are rounded, and so makes up for what
 * they did wrong. Biases take up the mean of what is left. In memory are, at a time, one batch and the Gram matrices
 * of the layers that can be rounded together because none of them comes after another.
 */
import type { Backend } from "@bitbudget/backend";
import { dequantize, type HostTensor, type Quantized, tensor } from "@bitbudget/core";
import {
  copyModel,
  Graph,
  type ModelProto,
  makeValueInfo,
  prune,
  tensorValue,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { type Batches, permutation, randomNumbers } from "@bitbudget/train";
import type { LayerGram } from "../calibration/statistics.ts";
import { QuantizeError } from "../errors.ts";
import { type Layer, type LayerWeight, layersOf } from "../layers.ts";
import { type Assignment, checkAssignment, coreScheme, type WeightScheme } from "../scheme.ts";
import { adaround } from "./adaround.ts";
import { addToBias, hasBias } from "./bias.ts";
import { asymmetricTarget, gptq } from "./gptq.ts";
import { codedWeight, type Rounded, roundedValues } from "./grid.ts";
import { type Choice, layerRows } from "./layer-rows.ts";
import { biasShift, centered, importanceOf } from "./loss.ts";
import { gridOf } from "./make-grid.ts";
import { type WeightMatrix, weightMatrix } from "./matrix.ts";
import { nearest } from "./nearest.ts";
import { Multiplier, OuterProducts } from "./products.ts";
import { refine } from "./scale-search.ts";
import { stagesOf } from "./stages.ts";

/** "refine": GPTQ, then codes and scales in turn. "adaround" is followed by the same. */
export type RoundingMethod = "nearest" | "gptq" | "adaround" | "refine";

export interface SequentialOptions {
  readonly backend: Backend;
  /** Default "refine". */
  readonly method?: RoundingMethod;
  /** Which inputs layers are rounded for: those of the float model, or of the model rounded so far. Default "rounded". */
  readonly inputs?: "float" | "rounded";
  /** Whether biases take up the mean of what rounding does to the output of their layer. Default true. */
  readonly correctBias?: boolean;
  /** Rows of a layer's input that are used of each batch, at most. Default 1024. */
  readonly rows?: number;
  /** Of the choice of rows. Default 0. */
  readonly seed?: number;
  /** Default 0.01, as in `gptq`. */
  readonly damping?: number;
  readonly signal?: AbortSignal;
  /** Called when layers are done. */
  readonly onProgress?: (done: number, of: number) => void;
}

export interface RoundedModel {
  /** By the name of the initializer. */
  readonly weights: Map<string, Quantized>;
  /** The float model with other biases, where they were corrected. */
  readonly model: ModelProto;
}

/**
 * Rounds the weights of an assignment.
 * @param model as `floatModel` gives it; it stays as it is
 * @throws AssignmentError for layers that the model does not have, QuantizeError when there are no batches
 */
export async function roundSequentially(
  model: ModelProto,
  assignment: Assignment,
  batches: Batches,
  options: SequentialOptions,
): Promise<RoundedModel> {
  const layers = layersOf(Graph.of(model));
  checkAssignment(layers, assignment);
  const work = layers.flatMap((layer) =>
    layer.weights.flatMap((weight) => {
      const scheme = assignment[layer.name]?.weight;
      return scheme === undefined ? [] : [{ layer, weight, scheme, matrix: weightMatrix(layer, weight) }];
    }),
  );
  const state = new State(model, options);
  await using multiplier = await Multiplier.open(options.backend);
  let done = 0;
  for (const stage of stagesOf(layers)) {
    const now = work.filter(({ layer, weight }) => stage.includes(layer) && !state.weights.has(weight.name));
    const measured = now.filter((each) => state.seesInputs(each));
    const grams = await state.inputs(measured, batches, multiplier);
    for (const each of now) {
      options.signal?.throwIfAborted();
      if (!state.weights.has(each.weight.name)) state.round(each, grams.get(each));
      options.onProgress?.(++done, work.length);
    }
  }
  return { weights: state.weights, model: state.corrected };
}

/** The model with the numbers that rounded weights stand for: what a quantized model computes, in float. */
export function withWeights(model: ModelProto, weights: ReadonlyMap<string, Quantized>): ModelProto {
  const copy = copyModel(model);
  const graph = Graph.of(copy);
  for (const [name, quantized] of weights) setInitializer(graph, name, dequantize(quantized));
  return copy;
}

interface Work {
  readonly layer: Layer;
  readonly weight: LayerWeight;
  readonly scheme: WeightScheme;
  readonly matrix: WeightMatrix | undefined;
}

/** Of the inputs that a layer has now, and their products with those it had. */
interface Inputs {
  readonly gram: LayerGram;
  readonly floatMean: Float64Array;
  readonly cross: Float64Array | undefined;
}

class State {
  readonly weights = new Map<string, Quantized>();
  readonly float: ModelProto;
  readonly corrected: ModelProto;
  readonly #current: ModelProto;
  readonly #options: SequentialOptions;

  constructor(model: ModelProto, options: SequentialOptions) {
    this.float = model;
    this.corrected = copyModel(model);
    this.#current = copyModel(model);
    this.#options = options;
  }

  /** Only what the main graph computes can be seen; a recurrent layer's inputs come in another form. */
  seesInputs({ layer, matrix }: Work): boolean {
    const isProduct = layer.opType === "Conv" || layer.opType === "Gemm" || layer.opType === "MatMul";
    return (
      isProduct &&
      matrix !== undefined &&
      layer.graph.outer === undefined &&
      this.#options.method !== "nearest"
    );
  }

  async inputs(
    measured: readonly Work[],
    batches: Batches,
    multiplier: Multiplier,
  ): Promise<Map<Work, Inputs>> {
    const found = new Map<Work, Inputs>();
    if (measured.length === 0) return found;
    const { backend, inputs = "rounded", rows = 1024, seed = 0, signal } = this.#options;
    const names = [...new Set(measured.map(({ layer }) => layer.input))];
    const both = inputs === "rounded" && this.weights.size > 0;
    await using float = await createSession(upTo(this.float, names), { backend });
    await using current = both ? await createSession(upTo(this.#current, names), { backend }) : undefined;
    const sums = measured.map(({ matrix }) => new InputSums(matrix!, both));
    let batch = 0;
    for await (const { feeds } of "epoch" in batches ? batches.epoch(0, 0) : batches) {
      signal?.throwIfAborted();
      const before = await float.run(feeds);
      const after = await current?.run(feeds);
      for (const [i, { layer, weight }] of measured.entries()) {
        const choose = chooser(seed, batch, layer.index);
        const input = before[layer.input]!;
        const x = layerRows(layer, weight, input, rows, choose);
        const y =
          after && layerRows(layer, weight, after[layer.input]!, rows, chooser(seed, batch, layer.index));
        await sums[i]!.add(multiplier, x.rows, y?.rows, x.count);
      }
      batch++;
    }
    if (batch === 0)
      throw new QuantizeError("there are no batches; second-order rounding needs inputs of the layers");
    for (const [i, each] of measured.entries()) found.set(each, sums[i]!.result());
    return found;
  }

  round({ layer, weight, scheme, matrix }: Work, inputs: Inputs | undefined): void {
    const { method = "refine", correctBias = true, damping = 0.01 } = this.#options;
    const { shape, data } = tensorValue(
      Graph.of(this.float).initializers.get(weight.name)!,
    ) as HostTensor<"float32">;
    const core = coreScheme(layer, weight, scheme);
    const { bits, range = "mse" } = scheme;
    let rounded: Rounded;
    if (inputs === undefined || matrix === undefined) {
      rounded = nearest(gridOf(data, shape, core, { bits, range }), data);
    } else {
      const isCorrected = correctBias && hasBias(layer, matrix.rows);
      const { gram, cross, floatMean } = isCorrected ? lessMeans(inputs) : inputs;
      const target = cross === undefined ? data : asymmetricTarget(data, matrix, gram, cross, damping);
      const grid = gridOf(target, shape, core, { bits, range, importance: importanceOf(matrix, gram) });
      rounded =
        method === "adaround"
          ? adaround(grid, target, matrix, gram)
          : gptq(grid, target, matrix, gram, { damping });
      if (method !== "gptq") rounded = refine(rounded, target, matrix, gram);
      if (isCorrected) {
        const shift = biasShift(data, roundedValues(rounded), matrix, { mean: floatMean }, inputs.gram.mean);
        for (const model of [this.#current, this.corrected]) addToBias(Graph.of(model), layer, shift);
      }
    }
    this.weights.set(weight.name, codedWeight(rounded));
    setInitializer(Graph.of(this.#current), weight.name, roundedValues(rounded));
  }
}

class InputSums {
  readonly #matrix: WeightMatrix;
  readonly #gram: OuterProducts;
  readonly #cross: OuterProducts | undefined;
  readonly #mean: Float64Array;
  readonly #floatMean: Float64Array;
  #rows = 0;

  constructor(matrix: WeightMatrix, both: boolean) {
    const { groups, size } = matrix;
    this.#matrix = matrix;
    this.#gram = new OuterProducts(groups, size);
    this.#cross = both ? new OuterProducts(groups, size) : undefined;
    this.#mean = new Float64Array(groups * size);
    this.#floatMean = both ? new Float64Array(groups * size) : this.#mean;
  }

  /** @param x rows of the float model, and y of the rounded one, unless that is the same */
  async add(
    multiplier: Multiplier,
    x: Float32Array,
    y: Float32Array | undefined,
    count: number,
  ): Promise<void> {
    await this.#gram.add(multiplier, y ?? x, y ?? x, count);
    await this.#cross?.add(multiplier, x, y ?? x, count);
    this.#addMean(this.#mean, y ?? x, count);
    if (y !== undefined) this.#addMean(this.#floatMean, x, count);
    this.#rows += count;
  }

  #addMean(mean: Float64Array, x: Float32Array, count: number): void {
    const { groups, size } = this.#matrix;
    const all = this.#rows + count;
    for (let group = 0; group < groups; group++)
      for (let i = 0; i < size; i++) {
        let sum = 0;
        for (let row = 0; row < count; row++) sum += x[(group * count + row) * size + i]!;
        mean[group * size + i] = (mean[group * size + i]! * this.#rows + sum) / all;
      }
  }

  result(): Inputs {
    const { groups, size } = this.#matrix;
    const gram = { rows: this.#rows, size, groups, values: this.#gram.values, mean: this.#mean };
    return { gram, floatMean: this.#floatMean, cross: this.#cross?.values };
  }
}

function lessMeans({ gram, floatMean, cross }: Inputs): Inputs {
  const { size, groups, mean } = gram;
  const products = cross?.slice();
  if (products !== undefined)
    for (let group = 0, at = 0; group < groups; group++)
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++)
          products[at++]! -= floatMean[group * size + i]! * mean[group * size + j]!;
  return { gram: centered(gram), floatMean, cross: products };
}

/** The part of a model that makes some of its values, as its outputs. */
function upTo(model: ModelProto, values: readonly string[]): ModelProto {
  const part = copyModel(model);
  const graph = Graph.of(part);
  graph.proto.output = values.map((name) => makeValueInfo(name, "float32"));
  graph.refresh();
  prune(graph);
  return part;
}

function chooser(...seeds: readonly number[]): Choice {
  return (count, limit) =>
    count <= limit
      ? Int32Array.from({ length: count }, (_, i) => i)
      : permutation(count, randomNumbers(...seeds)).slice(0, limit);
}

function setInitializer(graph: Graph, name: string, values: Float32Array): void {
  const { dims } = graph.initializers.get(name)!;
  graph.initializers.set(toTensorProto(tensor("float32", dims.map(Number), values), name));
}
