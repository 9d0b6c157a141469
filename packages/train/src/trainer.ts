/** The loop of training: gradients from a backend, the optimizer on the host, and a last good state to go back to. */
import type { Backend } from "@bitbudget/backend";
import type { HostTensor } from "@bitbudget/core";
import { clone, Graph, type ModelProto, ModelProtoSchema } from "@bitbudget/onnx";
import { type ModelSource, readModel } from "@bitbudget/runtime";
import type { Batch } from "./batch.ts";
import type { Batches } from "./batches.ts";
import { restore, writeCheckpoint } from "./checkpoint.ts";
import { type Clip, checkClip, clipGradients, globalNorm } from "./clip.ts";
import { NotFiniteError, TrainingError } from "./errors.ts";
import { evaluate } from "./evaluate.ts";
import { type FitOptions, type FitReport, fit } from "./fit.ts";
import type { Statistics } from "./graph/forward.ts";
import type { LossFunction } from "./graph/step.ts";
import { type Group, type ParameterSettings, settingsOf } from "./groups.ts";
import type { Metric } from "./metrics/index.ts";
import type { Optimizer } from "./optimizers/index.ts";
import { chooseParameters, type ParameterChoice, statesOf } from "./parameters.ts";
import { type StepProfile, stepProfile } from "./profile.ts";
import { constant, type Schedule } from "./schedules.ts";
import { TrainingState } from "./state.ts";
import { type StepResults, StepRunner } from "./step-runner.ts";

export interface TrainerOptions {
  readonly backend: Backend;
  readonly loss: LossFunction;
  readonly optimizer: Optimizer;
  /** Factor of the learning rate by step. Default: constant. */
  readonly schedule?: Schedule;
  /** Default: gradients are taken as they are. */
  readonly clip?: Clip;
  /** Which initializers are trained. Default: `defaultParameters`. */
  readonly parameters?: ParameterChoice;
  /** Settings of some parameters; the first group that has a parameter counts. */
  readonly groups?: readonly Group[];
  /** What batch normalizations normalize with in a step. Default "batch", which updates their running statistics. */
  readonly statistics?: Statistics;
  /** Of dropout. Default 0. */
  readonly seed?: number;
  /** Names of values of the model that each step returns. */
  readonly outputs?: readonly string[];
  /** Where to go on. With the same options and data the result is the same, bit for bit. */
  readonly checkpoint?: Uint8Array;
  /** Steps between copies of the state that are kept in memory for `NotFiniteError`. Default 20. */
  readonly keepEvery?: number;
}

export interface StepReport {
  /** Number of the step, from 1. */
  readonly step: number;
  /** Of this batch, before the update. */
  readonly loss: number;
  readonly learningRate: number;
  /** Norm of all gradients together, before clipping. */
  readonly gradientNorm: number;
  /** The values that were asked for. */
  readonly outputs: Readonly<Record<string, HostTensor>>;
  /** Milliseconds: of the whole step, and of what the backend had of it, copies included. */
  readonly ms: number;
  readonly backendMs: number;
}

export interface Trainer extends AsyncDisposable {
  /** Steps that were made. */
  readonly steps: number;
  /** What is trained: views that change with every step. */
  readonly parameters: ReadonlyMap<string, HostTensor<"float32">>;
  /**
   * One step. Steps of one trainer happen one after the other.
   * @throws FeedError for a batch that does not fit the model or the loss
   * @throws NotFiniteError instead of a step on NaN or infinity
   */
  step(batch: Batch): Promise<StepReport>;
  /**
   * Steps through epochs of batches until so many epochs or steps were made in all, those before a checkpoint included.
   * Reports each step.
   */
  fit(batches: Batches, options: FitOptions): AsyncGenerator<FitReport, void, void>;
  /** Runs the model as it is now, in inference mode, and measures it. */
  evaluate(batches: Batches, metric: Metric): Promise<number>;
  evaluate<K extends string>(
    batches: Batches,
    metrics: Readonly<Record<K, Metric>>,
  ): Promise<Record<K, number>>;
  /** The model that was given, with its weights as they are now. */
  model(): ModelProto;
  /** The state of training, to be given to `createTrainer`. */
  checkpoint(): Uint8Array;
  /** Where the time of a step on this batch goes; the step is not made. Prints as a table. */
  profile(batch: Batch): Promise<StepProfile>;
  dispose(): Promise<void>;
}

/**
 * Makes a model ready to be trained.
 * @throws TrainingError for options that do not fit the model, CheckpointError for a checkpoint that does not
 */
export async function createTrainer(source: ModelSource, options: TrainerOptions): Promise<Trainer> {
  if (options.clip !== undefined) checkClip(options.clip);
  return new ModelTrainer(await readModel(source), options);
}

class ModelTrainer implements Trainer {
  readonly #model: ModelProto;
  readonly #options: TrainerOptions;
  readonly #schedule: Schedule;
  readonly #state: TrainingState;
  readonly #runner: StepRunner;
  readonly #settings: ReadonlyMap<string, ParameterSettings>;
  /** The last state whose loss and gradients were good; its memory is made when it is first kept. */
  #good: TrainingState | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(model: ModelProto, options: TrainerOptions) {
    const { optimizer, outputs = [], statistics = "batch", seed = 0, backend, loss, checkpoint } = options;
    this.#model = model;
    this.#options = options;
    this.#schedule = options.schedule ?? constant();
    const parameters = chooseParameters(model, options.parameters);
    const states = statesOf(model);
    for (const name of parameters.keys())
      if (states.has(name))
        throw new TrainingError(`${JSON.stringify(name)} is a statistic of a normalization, no parameter`);
    this.#state = TrainingState.of(optimizer, parameters, states);
    if (checkpoint !== undefined) restore(this.#state, checkpoint);
    this.#settings = settingsOf(parameters, optimizer, options.groups ?? []);
    this.#runner = new StepRunner(model, { backend, loss, outputs, statistics, seed });
  }

  get steps(): number {
    return this.#state.step;
  }

  get parameters(): ReadonlyMap<string, HostTensor<"float32">> {
    return this.#state.parameters.tensors;
  }

  step(batch: Batch): Promise<StepReport> {
    return this.#enqueue(() => this.#step(batch));
  }

  fit(batches: Batches, options: FitOptions): AsyncGenerator<FitReport, void, void> {
    return fit({ trainer: this, state: this.#state }, batches, options);
  }

  evaluate(batches: Batches, metric: Metric): Promise<number>;
  evaluate<K extends string>(
    batches: Batches,
    metrics: Readonly<Record<K, Metric>>,
  ): Promise<Record<K, number>>;
  async evaluate(
    batches: Batches,
    metric: Metric | Readonly<Record<string, Metric>>,
  ): Promise<number | Record<string, number>> {
    const { backend } = this.#options;
    if (!isMetric(metric)) return evaluate(this.model(), { backend, batches, metrics: metric });
    const { result } = await evaluate(this.model(), { backend, batches, metrics: { result: metric } });
    return result;
  }

  model(): ModelProto {
    const model = clone(ModelProtoSchema, this.#model);
    const { initializers } = Graph.of(model);
    for (const { tensors } of [this.#state.parameters, this.#state.states])
      for (const [name, { data }] of tensors) {
        // In place: metadata and documentation of a tensor stay.
        const tensor = initializers.get(name)!;
        tensor.floatData = [];
        tensor.rawData = new Uint8Array(data.slice().buffer);
      }
    return model;
  }

  checkpoint(): Uint8Array {
    return writeCheckpoint(this.#state);
  }

  profile(batch: Batch): Promise<StepProfile> {
    return this.#enqueue(async () => {
      const kernels = await this.#runner.profile(batch, this.#state);
      const { gradients, ms } = await this.#runner.run(batch, this.#state);
      const scratch = new TrainingState(this.#state.types);
      scratch.copyFrom(this.#state);
      const start = performance.now();
      this.#update(scratch, gradients, globalNorm(gradients.values()));
      return stepProfile(kernels, ms, performance.now() - start);
    });
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#queue;
    await this.#runner[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    if (this.#disposed) return Promise.reject(new TrainingError("the trainer was disposed"));
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #step(batch: Batch): Promise<StepReport> {
    const start = performance.now();
    const state = this.#state;
    const learningRate = this.#options.optimizer.learningRate * this.#schedule(state.step);
    const results = await this.#runner.run(batch, state);
    const { loss, gradients, updates, outputs } = results;
    const gradientNorm = globalNorm(gradients.values());
    const bad = firstBad(results, gradientNorm);
    if (bad !== undefined) throw this.#notFinite(bad, learningRate);
    this.#keep(loss);
    this.#update(state, gradients, gradientNorm);
    for (const [name, content] of updates) state.states.get(name).set(content);
    state.advance(loss);
    const ms = performance.now() - start;
    return { step: state.step, loss, learningRate, gradientNorm, outputs, ms, backendMs: results.ms };
  }

  #update(state: TrainingState, gradients: ReadonlyMap<string, Float32Array>, gradientNorm: number): void {
    const { optimizer, clip } = this.#options;
    if (clip !== undefined) clipGradients(gradients.values(), clip, gradientNorm);
    const factor = this.#schedule(state.step);
    for (const [name, gradient] of gradients) {
      const { learningRate, weightDecay, minimum } = this.#settings.get(name)!;
      const slots = state.slots.map((slot) => slot.get(name));
      const settings = { step: state.step + 1, learningRate: learningRate * factor, weightDecay };
      const parameter = state.parameters.get(name);
      optimizer.update(parameter, gradient, slots, settings);
      if (minimum !== undefined)
        for (let i = 0; i < parameter.length; i++) parameter[i] = Math.max(parameter[i]!, minimum);
    }
  }

  /** Keeps a copy of the state, which gave this loss. Not while the loss is far above what it was: that may be the end. */
  #keep(loss: number): void {
    const { step, smoothedLoss } = this.#state;
    const { keepEvery = 20 } = this.#options;
    if (this.#good !== undefined && step < this.#good.step + keepEvery) return;
    if (step > 0 && Math.abs(loss) > 2 * Math.abs(smoothedLoss)) return;
    if (!Number.isFinite(globalNorm(this.#state.arrays))) return;
    this.#good ??= new TrainingState(this.#state.types);
    this.#good.copyFrom(this.#state);
  }

  #notFinite(what: string, learningRate: number): NotFiniteError {
    const good = this.#good && { checkpoint: writeCheckpoint(this.#good), step: this.#good.step };
    return new NotFiniteError(what, this.#state.step + 1, learningRate, good);
  }
}

/** What of a step is NaN or infinite. */
function firstBad({ loss, gradients }: StepResults, gradientNorm: number): string | undefined {
  if (!Number.isFinite(loss)) return `the loss (${loss})`;
  if (Number.isFinite(gradientNorm)) return undefined;
  for (const [name, gradient] of gradients)
    if (!Number.isFinite(globalNorm([gradient]))) return `the gradient of ${JSON.stringify(name)}`;
  return "the gradient";
}

function isMetric(metric: Metric | Readonly<Record<string, Metric>>): metric is Metric {
  return typeof metric.start === "function";
}
