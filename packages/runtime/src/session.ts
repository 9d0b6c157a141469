/** A model that is ready to run on a backend. */

import type { Backend } from "@bitbudget/backend";
import { open as openHost } from "@bitbudget/backend-js";
import { ArgumentError, type HostTensor } from "@bitbudget/core";
import { opsetVersions } from "@bitbudget/onnx";
import { checkFeeds, type ModelValue, modelValues } from "./feeds.ts";
import { Pool } from "./kernels.ts";
import { type LoadedModel, loadModel, type ModelSource } from "./load.ts";
import { Origins } from "./origins.ts";
import { optimize } from "./passes/index.ts";
import { Plan } from "./plan.ts";
import { type PlanRow, planTable } from "./plan-table.ts";
import { Program } from "./program.ts";
import { Recent } from "./recent.ts";

export interface SessionOptions {
  readonly backend: Backend;
  /**
   * What to do with a kernel that the backend does not have: "fallback" runs it in JavaScript on the host, copying its
   * operands there and back; "error" refuses the model, with an UnsupportedOperatorsError
   * at the first run that lists all of them. Default "fallback"; the plan says where that happens.
   */
  readonly onUnsupported?: "fallback" | "error";
  /** Whether nodes are rewritten and fused before planning, and chains of elementwise kernels after it. Default true. */
  readonly optimize?: boolean;
  /**
   * How many plans are kept, one for each set of shapes of the feeds and of captured names, and how many ways to go on in
   * each where content decides: at least 1. What was not used for the longest time goes first, with its memory and the
   * kernels that no other plan has. Default 16.
   */
  readonly maxPlans?: number;
}

export interface RunOptions {
  /** Names of intermediate values to return beside the outputs. */
  readonly capture?: readonly string[];
}

export type Feeds = Readonly<Record<string, HostTensor>>;
export type Results = Record<string, HostTensor>;

/** Time of one step. */
export interface ProfileRow extends PlanRow {
  /** Mean of a few runs, in milliseconds. */
  readonly ms: number;
}

export interface Session extends AsyncDisposable {
  /** What to feed: names, dtypes, shapes with symbolic dimensions as text and unknown ones as null. */
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  /** Runs the model. Runs of one session happen one after the other. */
  run(feeds: Feeds, options?: RunOptions): Promise<Results>;
  /** Which kernel runs for each node and why, as of the last run; undefined before the first. Prints as a table. */
  readonly plan: PlanTable | undefined;
  /** Runs the model once and times every step. */
  profile(feeds: Feeds): Promise<readonly ProfileRow[]>;
  dispose(): Promise<void>;
}

export interface PlanTable {
  readonly rows: readonly PlanRow[];
  /** Bytes of all intermediate values together, with memory shared between those that do not live at the same time. */
  readonly peakBytes: number;
  toString(): string;
}

/** Reads a model and makes it ready to run. @throws UnsupportedOperatorsError that lists all nodes that cannot */
export async function createSession(source: ModelSource, options: SessionOptions): Promise<Session> {
  const { maxPlans = 16 } = options;
  if (!(Number.isInteger(maxPlans) && maxPlans >= 1))
    throw new ArgumentError(`maxPlans must be an integer of at least 1, not ${maxPlans}`);
  const model = await loadModel(source);
  const host = await openHost();
  return new OnnxSession(model, host, { ...options, maxPlans });
}

type CheckedOptions = SessionOptions & Required<Pick<SessionOptions, "maxPlans">>;

class OnnxSession implements Session {
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  readonly #model: LoadedModel;
  readonly #host: Backend;
  readonly #options: CheckedOptions;
  readonly #origins = new Origins();
  readonly #pool: Pool;
  readonly #hostPool: Pool;
  /** One program for each set of captured names: optimization must leave those values alone. */
  readonly #programs: Recent<Program>;
  readonly #plans: Recent<Plan>;
  #last: Plan | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(model: LoadedModel, host: Backend, options: CheckedOptions) {
    this.#model = model;
    this.#host = host;
    this.#options = options;
    this.#pool = new Pool(options.backend, this.#origins);
    this.#hostPool = new Pool(host, this.#origins);
    this.#programs = new Recent(options.maxPlans);
    this.#plans = new Recent(options.maxPlans);
    this.inputs = modelValues(model.graph.inputs);
    this.outputs = modelValues(model.graph.outputs);
    this.#program([]);
  }

  get plan(): PlanTable | undefined {
    return this.#last === undefined ? undefined : planTable(this.#last);
  }

  run(feeds: Feeds, { capture = [] }: RunOptions = {}): Promise<Results> {
    return this.#enqueue(async () => {
      const plan = await this.#planFor(feeds, capture);
      const results = await plan.run(feeds);
      this.#last = plan;
      return results;
    });
  }

  profile(feeds: Feeds): Promise<readonly ProfileRow[]> {
    return this.#enqueue(async () => {
      const plan = await this.#planFor(feeds, []);
      const rows = await plan.profile(feeds);
      this.#last = plan;
      return rows;
    });
  }

  async dispose(): Promise<void> {
    await this.#queue;
    for (const plan of this.#plans.clear()) await plan.dispose();
    await this.#host.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #program(capture: readonly string[]): Program {
    const key = JSON.stringify(capture);
    let program = this.#programs.get(key);
    if (program === undefined) {
      const graph = this.#model.copyGraph(capture);
      const opset = opsetVersions(this.#model.proto.opsetImport).get("") ?? 1;
      if (this.#options.optimize !== false)
        optimize(graph, { opset, layout: this.#options.backend.device.imageLayout ?? "nchw" });
      program = new Program(this.#model.proto, graph.proto, this.#origins);
      this.#programs.add(key, program);
    }
    return program;
  }

  /** The plan for feeds of these types, made at their first run. */
  async #planFor(feeds: Feeds, capture: readonly string[]): Promise<Plan> {
    checkFeeds(this.inputs, feeds);
    const names = [...new Set(capture)].sort();
    const types = this.inputs.map(({ name }) => [feeds[name]?.dtype, feeds[name]?.shape]);
    const key = JSON.stringify([types, names]);
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = new Plan({
        backend: this.#options.backend,
        pool: this.#pool,
        host: this.#host,
        hostPool: this.#hostPool,
        fallback: this.#options.onUnsupported !== "error",
        fuse: this.#options.optimize !== false,
        maxPlans: this.#options.maxPlans,
        program: this.#program(names),
        feeds,
      });
      for (const old of this.#plans.add(key, plan)) await old.dispose();
    }
    return plan;
  }
}
