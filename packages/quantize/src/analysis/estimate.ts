/** What every layer would cost under every scheme that a search may choose: one set of gradients predicts them all. */
import type { Backend } from "@bitbudget/backend";
import { dequantize, type HostTensor, type Quantized, tensor } from "@bitbudget/core";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { type Batches, randomNumbers } from "@bitbudget/train";
import type { Calibration } from "../calibration/statistics.ts";
import { epochOf } from "../epoch.ts";
import { QuantizeError } from "../errors.ts";
import { type Layer, type LayerWeight, layersOf } from "../layers.ts";
import { roundNearest } from "../rounding/nearest.ts";
import {
  type Assignment,
  checkAssignment,
  coreScheme,
  type LayerScheme,
  type WeightScheme,
} from "../scheme.ts";
import { roundingOf } from "./activations.ts";
import { type Draw, Gradients } from "./gradients.ts";
import { measureOf, type Objective } from "./objective.ts";
import { predictionOf } from "./predict.ts";
import { rowOf } from "./row.ts";
import { type SwitchedLayer, switchableModel } from "./switchable.ts";
import type { LayerAnalysis, Prediction } from "./types.ts";

export interface EstimateOptions {
  /** Schemes of a layer; none to leave it out. */
  readonly candidates: (layer: Layer) => readonly LayerScheme[];
  /** Codes of a weight under a scheme. Default: rounded to nearest. */
  readonly weights?: (
    layer: Layer,
    weight: LayerWeight,
    scheme: WeightScheme,
    values: HostTensor<"float32">,
  ) => Quantized;
  /** For activations whose range is not found anew in each run. */
  readonly calibration?: Calibration;
  readonly batches: Batches;
  readonly backend: Backend;
  readonly objective: Objective;
  /** As of `analyze`. Default 32. */
  readonly draws?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Ends the estimate between two gradients; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A layer under one scheme, with all others in float. */
export interface SchemeEstimate
  extends Pick<
    LayerAnalysis,
    "layer" | "opType" | "index" | "scheme" | "parameters" | "bits" | "weightSqnrDb"
  > {
  readonly predicted: Prediction;
}

/**
 * Predictions as of `analyze`, without a run of any quantized model. Values of all candidates are in memory at a time.
 * @param model as `floatModel` gives it; it stays as it is
 * @returns one row for each layer and candidate, in order; layers inside of an If, Loop or Scan have none
 * @throws NoGradientError for a model that cannot be differentiated; AssignmentError, QuantizeError as `analyze` does
 */
export async function estimateSensitivity(
  model: ModelProto,
  options: EstimateOptions,
): Promise<SchemeEstimate[]> {
  const { backend, calibration, draws: wanted = 32, seed = 0, signal } = options;
  const layers = layersOf(Graph.of(model));
  const candidates = new Map(layers.map((layer) => [layer.name, options.candidates(layer)]));
  const measure = measureOf(options.objective);
  const rounded = options.weights ?? nearest;
  const assignment = everything(layers, candidates);
  const parts = switchableModel(model, {
    ...{ assignment, calibration, purpose: "differentiate" },
    codes: (layer, weight, values) => rounded(layer, weight, assignment[layer.name]!.weight!, values),
  });
  const variants = parts.layers.flatMap((layer) =>
    (candidates.get(layer.layer.name) ?? []).map((scheme) => under(layer, scheme, rounded, calibration)),
  );
  await using gradients = new Gradients(parts.model, variants, measure, backend);
  await using session = await createSession(model, { backend });
  const outputs = new Set(session.outputs.map(({ name }) => name));
  const capture = measure.values.filter((name) => !outputs.has(name));
  const draws: Draw[] = [];
  const random = randomNumbers(seed, 2);
  for await (const batch of epochOf(options.batches)) {
    const float = await session.run(batch.feeds, { capture });
    await gradients.take(draws, wanted, { batch, float }, { random, signal });
  }
  if (draws.length === 0) throw new QuantizeError("there are no batches to estimate with");
  return variants.map((variant, i) => ({
    ...rowOf(variant),
    predicted: predictionOf(draws, i, measure.isLoss),
  }));
}

/** Each layer with a weight and an activation scheme where any candidate has one, so that gradients are taken by both. */
function everything(
  layers: readonly Layer[],
  candidates: ReadonlyMap<string, readonly LayerScheme[]>,
): Assignment {
  const found: Record<string, LayerScheme> = {};
  for (const { name } of layers) {
    const schemes = candidates.get(name) ?? [];
    for (const scheme of schemes) {
      checkAssignment(layers, { [name]: scheme });
      found[name] = { ...scheme, ...found[name] };
    }
  }
  return found;
}

function under(
  layer: SwitchedLayer,
  scheme: LayerScheme,
  rounded: NonNullable<EstimateOptions["weights"]>,
  calibration: Calibration | undefined,
): SwitchedLayer {
  const { weight, activation } = scheme;
  const { weights } = layer.layer;
  return {
    ...{ ...layer, scheme },
    weights: layer.weights.flatMap((each) => {
      const own = weights.find(({ name }) => name === each.name);
      if (weight === undefined || own === undefined) return [];
      const codes = rounded(layer.layer, own, weight, each.float);
      return [{ ...each, codes, quantized: tensor("float32", own.shape, dequantize(codes)) }];
    }),
    activations: layer.activations.flatMap((each) =>
      activation === undefined
        ? []
        : [{ ...each, rounding: roundingOf(layer.layer.name, each.name, activation, calibration) }],
    ),
  };
}

function nearest(layer: Layer, weight: LayerWeight, scheme: WeightScheme, values: HostTensor<"float32">) {
  return roundNearest(values.data, weight.shape, coreScheme(layer, weight, scheme), scheme);
}
