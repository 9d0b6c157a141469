/** Runs steps: one graph and one session for each set of shapes of the inputs. */
import type { Backend } from "@bitbudget/backend";
import { type DType, type HostTensor, isStorage } from "@bitbudget/core";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import {
  checkFeeds,
  createSession,
  type ModelValue,
  modelValues,
  type ProfileRow,
  type Results,
  type Session,
} from "@bitbudget/runtime";
import { type Batch, targetFeeds } from "./batch.ts";
import { TrainingError } from "./errors.ts";
import type { Statistics } from "./graph/forward.ts";
import { type LossFunction, type StepGraph, stepGraph } from "./graph/step.ts";
import { dropoutMask } from "./operators/dropout.ts";
import type { TrainingState } from "./state.ts";

export interface StepRunnerOptions {
  readonly backend: Backend;
  readonly loss: LossFunction;
  /** Values of the model to return besides. */
  readonly outputs: readonly string[];
  readonly statistics: Statistics;
  /** Of dropout. */
  readonly seed: number;
}

export interface StepResults {
  readonly loss: number;
  /** Of each parameter that the loss depends on, by its name. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** New contents of each state. */
  readonly updates: ReadonlyMap<string, Float32Array>;
  readonly outputs: Readonly<Record<string, HostTensor>>;
  /** Time of the session's run, with the copies there and back. */
  readonly ms: number;
}

interface Plan {
  readonly graph: StepGraph;
  readonly session: Session;
}

/** A full batch, the last one of an epoch, and a few more. */
const MAX_PLANS = 4;

export class StepRunner implements AsyncDisposable {
  readonly #model: ModelProto;
  readonly #inputs: readonly ModelValue[];
  readonly #options: StepRunnerOptions;
  readonly #plans = new Map<string, Plan>();

  constructor(model: ModelProto, options: StepRunnerOptions) {
    this.#model = model;
    this.#inputs = modelValues(Graph.of(model).inputs);
    this.#options = options;
  }

  /** @throws FeedError for a batch that does not fit the model or the loss */
  async run(batch: Batch, state: TrainingState): Promise<StepResults> {
    const { graph, session } = await this.#planFor(batch, state);
    const feeds = this.#feedsOf(graph, batch, state);
    const start = performance.now();
    const results = await session.run(feeds);
    const ms = performance.now() - start;
    const read = (names: ReadonlyMap<string, string>) =>
      new Map(Array.from(names, ([name, output]) => [name, floats(results, output)]));
    return {
      loss: floats(results, graph.loss)[0]!,
      gradients: read(graph.gradients),
      updates: read(graph.updates),
      outputs: Object.fromEntries(Array.from(graph.outputs, ([name, output]) => [name, results[output]!])),
      ms,
    };
  }

  /** Time of each kernel in a step. */
  async profile(batch: Batch, state: TrainingState): Promise<readonly ProfileRow[]> {
    const { graph, session } = await this.#planFor(batch, state);
    return session.profile(this.#feedsOf(graph, batch, state));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { session } of this.#plans.values()) await session.dispose();
    this.#plans.clear();
  }

  async #planFor({ feeds }: Batch, { parameters, states }: TrainingState): Promise<Plan> {
    checkFeeds(this.#inputs, feeds);
    const shapes = Object.fromEntries(this.#inputs.map(({ name }) => [name, feeds[name]!.shape]));
    const key = JSON.stringify(shapes);
    const known = this.#plans.get(key);
    if (known !== undefined) {
      // Last in the order of the map: used last.
      this.#plans.delete(key);
      this.#plans.set(key, known);
      return known;
    }
    const { backend, loss, outputs, statistics } = this.#options;
    const graph = stepGraph(this.#model, {
      shapes,
      parameters: [...parameters.tensors.keys()],
      states: [...states.tensors.keys()],
      statistics,
      loss,
      outputs,
    });
    if (graph.gradients.size === 0)
      throw new TrainingError(
        `the loss depends on none of the parameters: ${[...parameters.tensors.keys()].join(", ")}`,
      );
    const session = await createSession(graph.model, { backend, maxPlans: 1 });
    const plan = { graph, session };
    this.#plans.set(key, plan);
    for (const [oldest, { session: old }] of this.#plans) {
      if (this.#plans.size <= MAX_PLANS) break;
      this.#plans.delete(oldest);
      await old.dispose();
    }
    return plan;
  }

  #feedsOf(graph: StepGraph, { feeds, targets }: Batch, state: TrainingState): Record<string, HostTensor> {
    const { seed } = this.#options;
    return {
      ...feeds,
      ...targetFeeds(graph.targets, targets),
      ...Object.fromEntries(graph.masks.map((mask) => [mask.name, dropoutMask(mask, seed, state.step)])),
      ...Object.fromEntries(state.parameters.tensors),
      ...Object.fromEntries(state.states.tensors),
    };
  }
}

function floats(results: Results, name: string): Float32Array {
  const { dtype, data } = results[name]!;
  if (isFloat32(dtype, data)) return data;
  throw new TrainingError(`${JSON.stringify(name)} is ${dtype}; models are trained in float32`);
}

function isFloat32(dtype: DType, data: HostTensor["data"]): data is Float32Array {
  return dtype === "float32" && isStorage("float32", data);
}
