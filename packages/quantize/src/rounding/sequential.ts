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
import type { Batches } from "@bitbudget/train";
import { inputGrams, type LayerInputs } from "../calibration/grams.ts";
import { type Layer, type LayerWeight, layersOf } from "../layers.ts";
import { type Assignment, checkAssignment, coreScheme, type WeightScheme } from "../scheme.ts";
import { adaround } from "./adaround.ts";
import { addToBias, hasBias } from "./bias.ts";
import { asymmetricTarget, gptq } from "./gptq.ts";
import { codedWeight, type Rounded, roundedValues } from "./grid.ts";
import { biasShift, centered, importanceOf } from "./loss.ts";
import { gridOf } from "./make-grid.ts";
import { type WeightMatrix, weightMatrix } from "./matrix.ts";
import { nearest } from "./nearest.ts";
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
  /** Rows of a layer's input that are used of each batch, and bytes for them and their products, as in `inputGrams`. */
  readonly rows?: number;
  readonly memory?: number;
  /** Of the choice of rows. Default 0. */
  readonly seed?: number;
  /** Default 0.01, as in `gptq`. */
  readonly damping?: number;
  readonly signal?: AbortSignal;
  /** Called when a layer is done. */
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
  let done = 0;
  for (const stage of stagesOf(layers)) {
    const now = work.filter(({ layer }) => stage.includes(layer));
    const measured = now.filter((each) => state.seesInputs(each));
    const round = (each: Work, inputs?: LayerInputs) => {
      options.signal?.throwIfAborted();
      // Two layers may share a weight.
      if (!state.weights.has(each.weight.name)) state.round(each, inputs);
      options.onProgress?.(++done, work.length);
    };
    for (const each of now) if (!measured.includes(each)) round(each);
    for await (const inputs of state.inputs(measured, batches))
      round(measured.find(({ layer }) => layer === inputs.layer)!, inputs);
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

  /** Of the layers of a stage, one after the other, as they are now, beside those of the float model. */
  inputs(measured: readonly Work[], batches: Batches): AsyncIterable<LayerInputs> | readonly LayerInputs[] {
    if (measured.length === 0) return [];
    const { inputs = "rounded", onProgress: _, ...options } = this.#options;
    const layers = measured.map(({ layer }) => layer);
    const names = [...new Set(layers.map(({ input }) => input))];
    const isChanged = inputs === "rounded" && this.weights.size > 0;
    const other = isChanged ? { other: { model: upTo(this.#current, names) } } : {};
    return inputGrams(upTo(this.float, names), layers, batches, { ...options, ...other });
  }

  round({ layer, weight, scheme, matrix }: Work, inputs: LayerInputs | undefined): void {
    const { method = "refine", correctBias = true, damping = 0.01 } = this.#options;
    const proto = Graph.of(this.float).initializers.get(weight.name)!;
    const { shape, data } = tensorValue(proto) as HostTensor<"float32">;
    const core = coreScheme(layer, weight, scheme);
    const { bits, range = "mse" } = scheme;
    let rounded: Rounded;
    if (inputs === undefined || matrix === undefined) {
      rounded = nearest(gridOf(data, shape, core, { bits, range }), data);
    } else {
      const isCorrected = correctBias && hasBias(layer, matrix.rows);
      const { gram, other } = isCorrected ? lessMeans(inputs) : inputs;
      const now = other?.gram ?? gram;
      const target = other === undefined ? data : asymmetricTarget(data, matrix, now, other.cross, damping);
      const grid = gridOf(target, shape, core, { bits, range, importance: importanceOf(matrix, now) });
      rounded =
        method === "adaround"
          ? adaround(grid, target, matrix, now)
          : gptq(grid, target, matrix, now, { damping });
      if (method !== "gptq") rounded = refine(rounded, target, matrix, now);
      if (isCorrected) {
        const shift = biasShift(data, roundedValues(rounded), matrix, gram, now.mean);
        for (const model of [this.#current, this.corrected]) addToBias(Graph.of(model), layer, shift);
      }
    }
    this.weights.set(weight.name, codedWeight(rounded));
    setInitializer(Graph.of(this.#current), weight.name, roundedValues(rounded));
  }
}

/** Inputs less their means, which a bias takes up. */
function lessMeans({ layer, gram, other }: LayerInputs): LayerInputs {
  if (other === undefined) return { layer, gram: centered(gram), other };
  const { size, groups, mean } = gram;
  const cross = other.cross.slice();
  for (let group = 0, at = 0; group < groups; group++)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        cross[at++]! -= mean[group * size + i]! * other.gram.mean[group * size + j]!;
  return { layer, gram: centered(gram), other: { gram: centered(other.gram), cross } };
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

function setInitializer(graph: Graph, name: string, values: Float32Array): void {
  const { dims } = graph.initializers.get(name)!;
  graph.initializers.set(toTensorProto(tensor("float32", dims.map(Number), values), name));
}
