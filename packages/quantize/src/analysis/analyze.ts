/** Which layers take their quantization badly, measured and predicted. */
import type { Backend } from "@bitbudget/backend";
import { type HostTensor, type Quantized, valuesOf } from "@bitbudget/core";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import type { Results } from "@bitbudget/runtime";
import { type Batch, type Batches, NoGradientError, randomNumbers } from "@bitbudget/train";
import type { Calibration } from "../calibration/statistics.ts";
import { epochOf, pause } from "../epoch.ts";
import { QuantizeError } from "../errors.ts";
import { type Layer, type LayerWeight, layersOf } from "../layers.ts";
import { roundNearest } from "../rounding/nearest.ts";
import { type Assignment, checkAssignment, coreScheme } from "../scheme.ts";
import { DifferenceSums } from "../verify/difference.ts";
import { type Draw, Gradients } from "./gradients.ts";
import { LayerErrors } from "./layer-errors.ts";
import { type Measure, measureOf, type Objective } from "./objective.ts";
import { predictionOf, summed } from "./predict.ts";
import { rowOf } from "./row.ts";
import { intervalOf, rankCorrelation } from "./statistics.ts";
import { Switchable, switchableModel } from "./switchable.ts";
import type { Analysis, LayerAnalysis, Trial } from "./types.ts";

export interface AnalyzeOptions {
  readonly assignment: Assignment;
  /** Codes of weights by the name of the initializer, as rounding made them. Those that are missing are rounded to nearest. */
  readonly weights?: ReadonlyMap<string, Quantized>;
  /** For activations whose range is not found anew in each run. */
  readonly calibration?: Calibration;
  readonly batches: Batches;
  readonly backend: Backend;
  readonly objective: Objective;
  /**
   * Gradients to predict with, for each batch: of one of its samples each, where batches can be taken apart, else of all
   * of it. Default 32; 0 predicts nothing.
   */
  readonly draws?: number;
  /** Random halves of the layers that are measured together. Default 16. */
  readonly trials?: number;
  /** Of the random losses and the trials. Default 0. */
  readonly seed?: number;
  /** Ends the analysis between two runs; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called when a batch is done. @param batches done so far */
  readonly onProgress?: (batches: number) => void;
}

/**
 * Quantizes the layers of an assignment one at a time, all together, and in random halves, and compares outputs and the objective with the
 * float model's. The model is planned once: weights are inputs of it, and every mixture of layers is a run.
 *
 * Predictions need gradients by weights and activations: the objective at an error d of these is about d F d / 2, with F the
 * Fisher information (Hassibi and Stork 1993; Martens 2020); for a loss, its gradient times d besides.
 *
 * @param model as `floatModel` gives it; it stays as it is
 * @throws AssignmentError for an assignment that does not fit the model
 * @throws QuantizeError when there are no batches, or an objective reads what the model does not have
 */
export async function analyze(model: ModelProto, options: AnalyzeOptions): Promise<Analysis> {
  const { assignment, backend, calibration, draws: wanted = 32, seed = 0, signal } = options;
  checkAssignment(layersOf(Graph.of(model)), assignment);
  const measure = measureOf(options.objective);
  const codes = codesOf(options);
  const parts = switchableModel(model, { assignment, codes, calibration, purpose: "switch" });
  const { layers, skipped } = parts;
  const graph = switchableModel(model, { assignment, codes, calibration, purpose: "differentiate" });
  await using switchable = await Switchable.open(parts, backend);
  await using errors = new LayerErrors(switchable, backend);
  await using gradients = new Gradients(graph.model, graph.layers, measure, backend);

  const output = outputOf(switchable, measure);
  const names = layers.map(({ layer }) => layer.name);
  const mixtures = [
    ...names.map((name) => [name]),
    names,
    ...halves(names, options.trials ?? 16, randomNumbers(seed, 1)),
  ].map((some) => new Mixture(some));
  const draws: Draw[] = [];
  let noGradients = wanted === 0 ? "none were asked for" : undefined;
  if (layers.length === 0) noGradients ??= "no layers are quantized";
  const random = randomNumbers(seed, 2);
  let count = 0;
  for await (const batch of epochOf(options.batches)) {
    count++;
    const capture = [...new Set([...measure.values, output])].filter(
      (name) => !switchable.outputs.includes(name),
    );
    const float = await switchable.run(batch.feeds, new Set(), capture);
    for (const mixture of mixtures) {
      const results = await switchable.run(batch.feeds, mixture.on, capture);
      mixture.add(results, float, batch, measure, output);
      await pause(signal);
    }
    if (noGradients === undefined)
      noGradients = await drawn(gradients.take(draws, wanted, { batch, float }, { random, signal }));
    await errors.add(batch.feeds);
    await pause(signal);
    options.onProgress?.(count);
  }
  if (count === 0) throw new QuantizeError("there are no batches to analyze with");
  const alone = layers.map((layer, i): LayerAnalysis => {
    const sums = errors.of(layer);
    return {
      ...rowOf(layer),
      outputSqnrDb: sums.alone.result().sqnrDb,
      accumulatedSqnrDb: sums.accumulated.result().sqnrDb,
      modelSqnrDb: mixtures[i]!.sqnrDb(),
      measured: mixtures[i]!.measured(),
      predicted: draws.length === 0 ? undefined : predictionOf(draws, i, measure.isLoss),
    };
  });
  const [whole, ...halved] = mixtures.slice(layers.length).map((mixture): Trial => {
    const at = names.flatMap((name, i) => (mixture.on.has(name) ? [i] : []));
    const predicted = draws.length === 0 ? undefined : summed(draws, at, measure.isLoss);
    return { layers: [...mixture.on], measured: mixture.measured(), predicted };
  });
  return {
    ...{ unit: measure.unit, output, layers: alone, trials: halved, skipped },
    ...{ draws: draws.length, noGradients },
    whole: { ...whole!, modelSqnrDb: mixtures[layers.length]!.sqnrDb() },
    correlations: correlationsOf(alone, halved),
  };
}

/** Layers that are quantized together, and what comes of it. */
class Mixture {
  readonly on: ReadonlySet<string>;
  readonly #measured: number[] = [];
  readonly #output = new DifferenceSums();

  constructor(names: readonly string[]) {
    this.on = new Set(names);
  }

  add(results: Results, float: Results, batch: Batch, measure: Measure, output: string): void {
    this.#measured.push(measure.measure(results, float, batch));
    this.#output.add(valuesOf(results[output]!), valuesOf(float[output]!));
  }

  measured() {
    return intervalOf(this.#measured);
  }

  sqnrDb(): number {
    return this.#output.result().sqnrDb;
  }
}

/** @returns why there are no gradients, where that is so */
async function drawn(taking: Promise<void>): Promise<string | undefined> {
  try {
    await taking;
    return undefined;
  } catch (cause) {
    if (cause instanceof NoGradientError) return cause.message;
    throw cause;
  }
}

/** Codes that were given, else the nearest ones; each weight is rounded once. */
function codesOf({ assignment, weights }: AnalyzeOptions) {
  const made = new Map<string, Quantized>();
  return (layer: Layer, weight: LayerWeight, values: HostTensor<"float32">): Quantized => {
    const given = weights?.get(weight.name);
    if (given !== undefined) return given;
    const key = `${layer.name}:${weight.name}`;
    const scheme = assignment[layer.name]!.weight!;
    const codes =
      made.get(key) ?? roundNearest(values.data, weight.shape, coreScheme(layer, weight, scheme), scheme);
    made.set(key, codes);
    return codes;
  };
}

/** The output that the objective reads, else the first one. */
function outputOf(switchable: Switchable, { values }: Measure): string {
  const [first = ""] = values;
  return first === "" ? (switchable.outputs[0] ?? "") : first;
}

/** Random subsets in which each layer is with probability 1/2, none of them empty. */
function halves(names: readonly string[], count: number, random: () => number): string[][] {
  if (names.length < 2) return [];
  return Array.from({ length: count }, () => {
    const some = names.filter(() => random() < 0.5);
    return some.length > 0 ? some : [names[Math.floor(random() * names.length)]!];
  });
}

function correlationsOf(rows: readonly LayerAnalysis[], trials: readonly Trial[]): Analysis["correlations"] {
  const known = rows.flatMap(({ measured, predicted }) =>
    predicted === undefined ? [] : [{ measured, predicted }],
  );
  const measured = known.map((row) => row.measured.mean);
  const first = (row: (typeof known)[number]) => row.predicted.first?.mean ?? 0;
  const tried = trials.flatMap((trial) => (trial.predicted === undefined ? [] : [trial]));
  const outcome = tried.map((trial) => trial.measured.mean);
  return {
    fisher: finite(
      rankCorrelation(
        measured,
        known.map((row) => first(row) + row.predicted.fisher.mean),
      ),
    ),
    diagonal: finite(
      rankCorrelation(
        measured,
        known.map((row) => first(row) + row.predicted.diagonal.mean),
      ),
    ),
    trials: finite(
      rankCorrelation(
        outcome,
        tried.map((trial) => trial.predicted!),
      ),
    ),
  };
}

function finite(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}
