/**
 * From a float model and an assignment to the file that a target runs: repair what low precision breaks, round the weights,
 * find the ranges of activations, write the encodings.
 */
import type { Backend } from "@bitbudget/backend";
import { type Quantized, valuesOf } from "@bitbudget/core";
import {
  Graph,
  isExternal,
  ModelFile,
  type ModelProto,
  type TensorProto,
  tensorValue,
} from "@bitbudget/onnx";
import type { Batches } from "@bitbudget/train";
import { calibrate } from "./calibration/calibrate.ts";
import type { Calibration } from "./calibration/statistics.ts";
import { AssignmentError, QuantizeError } from "./errors.ts";
import { exportModel } from "./export/export-model.ts";
import type { Target } from "./export/targets/target.ts";
import { type Layer, type LayerWeight, layersOf } from "./layers.ts";
import { roundNearest } from "./rounding/nearest.ts";
import { type RoundingMethod, roundSequentially } from "./rounding/sequential.ts";
import { type Assignment, coreScheme } from "./scheme.ts";
import { awqScale } from "./transforms/awq.ts";
import { equalize } from "./transforms/equalize.ts";
import { smoothQuant } from "./transforms/smooth-quant.ts";

/** What is done about lost precision, in this order. Everything but "nearest" needs batches. */
export interface Repair {
  /** Ranges of weights and activations become alike across layers (Nagel et al. 2019). */
  readonly equalize?: boolean;
  /** Outliers of activations move into the weights that read them (Xiao et al. 2023). */
  readonly smoothQuant?: boolean;
  /** Weights that meet large activations are rounded better (Lin et al. 2024). */
  readonly awq?: boolean;
  /** How weights are rounded, and what biases take up. Default: to nearest. */
  readonly rounding?: RoundingMethod;
}

export interface QuantizeOptions {
  /** What becomes of each layer. */
  readonly assignment: Assignment;
  /** Runtime that the file is for. Default "wasm". */
  readonly target?: Target;
  /** Where the float model is run to look at its activations. Only needed with `batches`. */
  readonly backend?: Backend;
  /** Data for calibration and repair, without labels. */
  readonly batches?: Batches;
  /** Ranges of activations, where they are known; default: found on `batches` after repair. */
  readonly calibration?: Calibration;
  readonly repair?: Repair;
  readonly encoding?: "qdq" | "qoperator";
  readonly signal?: AbortSignal;
  /** What is being done. */
  readonly onProgress?: (stage: string, done: number, of: number | undefined) => void;
}

/** A model whose numbers may still change, and the codes of its weights as far as they are chosen. */
export interface Prepared {
  /** The float model after repair. */
  readonly model: ModelProto | ModelFile;
  /** By the names of initializers. */
  readonly weights: ReadonlyMap<string, Quantized>;
  /** Of the activations of that model; undefined where nothing static was asked for. */
  readonly calibration: Calibration | undefined;
}

/**
 * @param model of `floatModel`; it stays as it is. With external data, weights are read one by one, as long as no
 * repair and no calibration runs the model
 * @returns the quantized model
 * @throws AssignmentError, TargetError for what a layer or the target cannot be; QuantizeError where data are missing
 */
export async function quantize(model: ModelProto | ModelFile, options: QuantizeOptions): Promise<ModelProto> {
  return exportPrepared(await prepare(model, options), options);
}

/** Everything before the export. */
export async function prepare(model: ModelProto | ModelFile, options: QuantizeOptions): Promise<Prepared> {
  const { assignment, repair = {}, signal } = options;
  const { rounding = "nearest" } = repair;
  let changed = model;
  if (repair.equalize === true || repair.smoothQuant === true || repair.awq === true)
    changed = await transform(loaded(model), options);
  let weights: ReadonlyMap<string, Quantized> = new Map();
  if (rounding !== "nearest") {
    const { backend, batches } = dataOf(options, `rounding "${rounding}"`);
    const rounded = await roundSequentially(loaded(changed), assignment, batches, {
      ...{ backend, method: rounding },
      ...(signal && { signal }),
      onProgress: (done, of) => options.onProgress?.("rounding", done, of),
    });
    ({ model: changed, weights } = rounded);
  }
  const isStatic = Object.values(assignment).some(
    ({ activation }) => activation !== undefined && activation.dynamic !== true,
  );
  const isChanged = changed !== model;
  const known = isChanged ? undefined : options.calibration;
  const calibration = isStatic
    ? (known ?? (await observe(loaded(changed), options, "static activations")))
    : undefined;
  return { model: changed, weights, calibration };
}

/** Writes what was prepared. Weights without codes are rounded to nearest, one by one. */
export async function exportPrepared(
  { model, weights, calibration }: Prepared,
  { assignment, target = "wasm", encoding }: Pick<QuantizeOptions, "assignment" | "target" | "encoding">,
): Promise<ModelProto> {
  const made = new Map<string, { readonly key: string; readonly quantized: Quantized }>();
  return exportModel({
    ...{ model, assignment, target },
    ...(calibration && { calibration }),
    ...(encoding && { encoding }),
    async weights(layer, weight) {
      const given = weights.get(weight.name);
      if (given !== undefined) return given;
      const scheme = assignment[layer.name]?.weight;
      if (scheme === undefined) throw new AssignmentError(layer.name, "its weight has no scheme");
      const core = coreScheme(layer, weight, scheme);
      const key = JSON.stringify([core, scheme]);
      const known = made.get(weight.name);
      if (known?.key === key) return known.quantized;
      const values = await weightValues(model, layer, weight);
      const quantized = roundNearest(values, weight.shape, core, {
        ...(scheme.bits !== undefined && { bits: scheme.bits }),
        ...(scheme.range !== undefined && { range: scheme.range }),
      });
      made.set(weight.name, { key, quantized });
      return quantized;
    },
  });
}

/** The float numbers of a weight, wherever they lie. */
async function weightValues(
  model: ModelProto | ModelFile,
  layer: Layer,
  weight: LayerWeight,
): Promise<Float32Array> {
  let proto: TensorProto | undefined;
  for (
    let graph: Graph | undefined = layer.graph;
    proto === undefined && graph !== undefined;
    graph = graph.outer
  )
    proto = graph.initializers.get(weight.name);
  if (proto === undefined)
    throw new AssignmentError(layer.name, `its weight ${JSON.stringify(weight.name)} is gone`);
  const value =
    isExternal(proto) && model instanceof ModelFile ? await model.tensor(proto) : tensorValue(proto);
  return value.data instanceof Float32Array ? value.data : Float32Array.from(valuesOf(value), Number);
}

/** Repairs that change weights but not what the model computes, each with statistics of the model before it. */
async function transform(model: ModelProto, options: QuantizeOptions): Promise<ModelProto> {
  const { assignment, repair = {} } = options;
  let changed = model;
  if (repair.equalize === true)
    changed = equalize(changed, {
      assignment,
      calibration: await observe(changed, options, "equalization"),
      upperBound: "relu",
    });
  if (repair.smoothQuant === true)
    changed = smoothQuant(changed, {
      assignment,
      calibration: await observe(changed, options, "SmoothQuant"),
    }).model;
  if (repair.awq === true)
    changed = awqScale(changed, {
      assignment,
      calibration: await observe(changed, options, "AWQ"),
    }).model;
  // Layers keep their names: an assignment stays what it was.
  const names = new Set(layersOf(Graph.of(changed)).map(({ name }) => name));
  for (const name of Object.keys(assignment))
    if (!names.has(name))
      throw new AssignmentError(name, "a repair took the layer away; leave the repair out");
  return changed;
}

async function observe(model: ModelProto, options: QuantizeOptions, purpose: string): Promise<Calibration> {
  const { backend, batches } = dataOf(options, purpose);
  const { signal, onProgress } = options;
  return calibrate(model, batches, {
    backend,
    ...(signal && { signal }),
    onProgress: (progress) => onProgress?.("calibration", progress.batches, progress.length),
  });
}

function dataOf({ backend, batches }: QuantizeOptions, purpose: string) {
  if (backend === undefined || batches === undefined)
    throw new QuantizeError(
      `${purpose} looks at activations: give \`batches\`, and a \`backend\` to run them on`,
    );
  return { backend, batches };
}

function loaded(model: ModelProto | ModelFile): ModelProto {
  if (!(model instanceof ModelFile)) return model;
  const external = [...Graph.of(model.model).initializers].find(isExternal);
  if (external !== undefined)
    throw new QuantizeError(
      `the model must be run, and ${JSON.stringify(external.name)} is in another file; load it first: await file.load()`,
    );
  return model.model;
}
