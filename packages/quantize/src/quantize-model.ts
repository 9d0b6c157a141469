/**
 * A model quantized by the name of a preset: schemes for the layers, the range method and the repair that are best for it, the
 * file that the target runs, and the check that it does.
 */
import { Graph, type ModelProto } from "@bitbudget/onnx";
import type { ModelSource } from "@bitbudget/runtime";
import type { Batches } from "@bitbudget/train";
import { QuantizeError } from "./errors.ts";
import { floatModel } from "./float-model.ts";
import { layersOf } from "./layers.ts";
import { PREPROCESSING_KEY, withMetadata } from "./metadata.ts";
import { OutputReference } from "./output-error.ts";
import { isPreset, type Preset, presetAssignment, presets } from "./presets.ts";
import { exportPrepared, type Prepared, prepare, type QuantizeOptions, type Repair } from "./quantize.ts";
import type { Assignment, RangeMethod } from "./scheme.ts";
import type { Verification } from "./verify/report.ts";
import { type RunnerFactory, sessionRunner } from "./verify/runner.ts";
import { verify } from "./verify/verify.ts";

export interface QuantizeModelOptions
  extends Pick<QuantizeOptions, "target" | "backend" | "batches" | "encoding" | "signal" | "onProgress"> {
  readonly preset: Preset;
  /**
   * What is done about lost precision. "auto" tries what there is, and keeps what brings the outputs clearly closer (by a fifth of
   * the error) to those of the float model on `batches`; it is the default where there are batches. Else nothing is done.
   */
  readonly repair?: Repair | "auto";
  /** How ranges of activations are found. Default: as with `repair`, "auto" where there are batches. */
  readonly range?: RangeMethod | "auto";
  /**
   * Other runtimes on which the result must load and compute the same, onnxruntime above all (`onnxruntimeRunner`). Needs
   * `batches` and `backend`, as all verification does.
   */
  readonly runners?: Readonly<Record<string, RunnerFactory>>;
  /**
   * How inputs are made from images or texts, as plain data: it is written into the file, so that whoever gets the model knows
   * (`preprocessingOf`).
   */
  readonly preprocessing?: object;
}

/** One way that was tried. */
export interface Attempt {
  readonly repair: Repair;
  readonly range: RangeMethod;
  /** Noise over signal of the outputs, against the float model. */
  readonly error: number;
}

export interface QuantizedModel {
  readonly model: ModelProto;
  readonly assignment: Assignment;
  readonly repair: Repair;
  readonly range: RangeMethod;
  /** In the order in which they were tried; empty where nothing was to be chosen. */
  readonly attempts: readonly Attempt[];
  /** Undefined where there was nothing to verify with. */
  readonly verification: Verification | undefined;
}

const ranges: readonly RangeMethod[] = [
  "min-max",
  { percentile: 99.99 },
  { percentile: 99.9 },
  "mse",
  "entropy",
];

/** What a repair must leave of the error to be kept: less than that is as likely to fit the data of the calibration alone. */
const CLEARLY = 0.8;

/** Batches on which the result is verified, at most. */
const VERIFIED = 4;

/**
 * @param source a float model: bytes, a path, a URL, or one in hand
 * @throws QuantizeError for a preset that does not exist, or that needs data and has none; TargetError for what the target cannot
 *   run; VerificationError where a runner computes something else, with the node at fault
 */
export async function quantizeModel(
  source: ModelSource,
  options: QuantizeModelOptions,
): Promise<QuantizedModel> {
  const { preset, target = "wasm", backend, batches } = options;
  if (!isPreset(preset))
    throw new QuantizeError(
      `${JSON.stringify(preset)} is no preset; there are ${Object.keys(presets).join(", ")}`,
    );
  const model = await floatModel(source);
  const layers = layersOf(Graph.of(model));
  const assignmentFor = (range: RangeMethod) => presetAssignment(layers, preset, target, range);
  const plain: Choice = {
    repair: options.repair === "auto" ? {} : (options.repair ?? {}),
    range: options.range === "auto" || options.range === undefined ? "min-max" : options.range,
  };
  const chooser = new Chooser(model, assignmentFor, { ...options, target });
  if (backend !== undefined && batches !== undefined) {
    const tried = isAuto(options.repair) ? repairs(preset) : [];
    const choices = preset === "int8-static" && isAuto(options.range) ? ranges : [plain.range];
    if (tried.length > 0 || choices.length > 1)
      for (const repair of [{}, ...tried])
        await chooser.best(
          choices.map((range) => ({
            range,
            repair: { ...plain.repair, ...chooser.chosen?.repair, ...repair },
          })),
        );
  }
  const { repair, range } = chooser.chosen ?? plain;
  const quantized = chooser.made ?? (await chooser.make(plain));
  const { preprocessing } = options;
  const made =
    preprocessing === undefined
      ? quantized
      : withMetadata(quantized, PREPROCESSING_KEY, JSON.stringify(preprocessing));
  const { attempts } = chooser;
  const result = { model: made, assignment: assignmentFor(range), repair, range, attempts };
  return { ...result, verification: await verified(result.model, model, options) };
}

interface Choice {
  readonly repair: Repair;
  readonly range: RangeMethod;
}

function isAuto(option: unknown): boolean {
  return option === undefined || option === "auto";
}

/**
 * What may help, each tried on top of what was kept before it. At 8 bits scales that are refined fit the data of the calibration
 * and no other, and scales for each channel do what equalization would. 16 bits lose too little for anything to matter.
 */
function repairs(preset: Preset): readonly Repair[] {
  if (preset === "float16" || preset === "bfloat16") return [];
  if (preset === "int8-static" || preset === "w8") return [{ rounding: "gptq" }];
  if (preset === "int8-dynamic") return [{ smoothQuant: true }, { rounding: "gptq" }];
  return [{ rounding: "refine" }, { awq: true }];
}

/** Tries choices, and remembers the best one and what it made. */
class Chooser {
  readonly attempts: Attempt[] = [];
  chosen: Choice | undefined;
  made: ModelProto | undefined;
  readonly #model: ModelProto;
  readonly #assignment: (range: RangeMethod) => Assignment;
  readonly #options: QuantizeModelOptions;
  readonly #prepared = new Map<string, Promise<Prepared>>();
  #reference: OutputReference | undefined;
  #least = Number.POSITIVE_INFINITY;

  constructor(
    model: ModelProto,
    assignment: (range: RangeMethod) => Assignment,
    options: QuantizeModelOptions,
  ) {
    this.#model = model;
    this.#assignment = assignment;
    this.#options = options;
  }

  /** Keeps the best of some choices, where it is clearly better than what is kept already. */
  async best(choices: readonly Choice[]): Promise<void> {
    const { backend, batches, signal } = this.#options;
    if (backend === undefined || batches === undefined) return;
    this.#reference ??= await OutputReference.of(this.#model, batches, backend);
    let found: { readonly error: number; readonly choice: Choice; readonly made: ModelProto } | undefined;
    for (const choice of choices) {
      signal?.throwIfAborted();
      const made = await this.make(choice);
      const error = await this.#reference.error(made);
      this.attempts.push({ ...choice, error });
      if (found === undefined || error < found.error) found = { error, choice, made };
    }
    if (found === undefined || !(found.error < this.#least * CLEARLY)) return;
    ({ error: this.#least, choice: this.chosen, made: this.made } = found);
  }

  async make({ repair, range }: Choice): Promise<ModelProto> {
    const assignment = this.#assignment(range);
    // Neither repair nor calibration depends on how ranges are read from what was observed.
    const key = JSON.stringify(repair);
    const { range: _, repair: __, ...options } = this.#options;
    const prepared = this.#prepared.get(key) ?? prepare(this.#model, { ...options, assignment, repair });
    this.#prepared.set(key, prepared);
    return exportPrepared(await prepared, { ...options, assignment });
  }
}

async function verified(
  made: ModelProto,
  float: ModelProto,
  { backend, batches, runners }: QuantizeModelOptions,
): Promise<Verification | undefined> {
  if (backend === undefined || batches === undefined) {
    if (runners !== undefined)
      throw new QuantizeError("runners verify on data: give `batches`, and a `backend` to compare with");
    return undefined;
  }
  const reference = await sessionRunner(float, { backend, name: "float" });
  try {
    return await verify(made, {
      runners: { bitbudget: (model: ModelProto) => sessionRunner(model, { backend }), ...runners },
      batches: first(batches, VERIFIED),
      reference,
    });
  } finally {
    await reference.dispose();
  }
}

async function* first(batches: Batches, count: number) {
  let i = 0;
  for await (const batch of "epoch" in batches ? batches.epoch(0, 0) : batches) {
    if (i++ >= count) return;
    yield batch;
  }
}
