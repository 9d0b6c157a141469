/** A model that is ready to run on a backend. */

import type { Backend } from "@bitbudget/backend";
import { open as openHost } from "@bitbudget/backend-js";
import type { HostTensor } from "@bitbudget/core";
import { opsetVersions } from "@bitbudget/onnx";
import { checkFeeds, type ModelValue, modelValues } from "./feeds.ts";
import { Prepared } from "./kernels.ts";
import { type LoadedModel, loadModel, type ModelSource } from "./load.ts";
import { optimize } from "./passes/index.ts";
import { Plan } from "./plan.ts";
import { type PlanRow, planTable } from "./plan-table.ts";
import { Program } from "./program.ts";

export interface SessionOptions {
  readonly backend: Backend;
  /**
   * What to do with a kernel that the backend does not have: "fallback" runs it in JavaScript on the host, copying its
   * operands there and back; "error" refuses the model. Default "fallback"; the plan says where that happens.
   */
  readonly onUnsupported?: "fallback" | "error";
  /** Whether nodes are rewritten and fused before planning. Default true. */
  readonly optimize?: boolean;
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
  const model = await loadModel(source);
  const host = await openHost();
  return new OnnxSession(model, host, options);
}

class OnnxSession implements Session {
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  readonly #model: LoadedModel;
  readonly #host: Backend;
  readonly #options: SessionOptions;
  readonly #prepared: Prepared;
  readonly #hostPrepared: Prepared;
  /** One program for each set of captured names: optimization must leave those values alone. */
  readonly #programs = new Map<string, Program>();
  readonly #plans = new Map<string, Plan>();
  #last: Plan | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(model: LoadedModel, host: Backend, options: SessionOptions) {
    this.#model = model;
    this.#host = host;
    this.#options = options;
    this.#prepared = new Prepared(options.backend);
    this.#hostPrepared = new Prepared(host);
    this.inputs = modelValues(model.graph.inputs);
    this.outputs = modelValues(model.graph.outputs);
    this.#program([]);
  }

  get plan(): PlanTable | undefined {
    return this.#last === undefined ? undefined : planTable(this.#last);
  }

  run(feeds: Feeds, { capture = [] }: RunOptions = {}): Promise<Results> {
    return this.#enqueue(async () => {
      const plan = this.#planFor(feeds, capture);
      const results = await plan.run(feeds);
      this.#last = plan;
      return results;
    });
  }

  profile(feeds: Feeds): Promise<readonly ProfileRow[]> {
    return this.#enqueue(async () => {
      const plan = this.#planFor(feeds, []);
      const rows = await plan.profile(feeds);
      this.#last = plan;
      return rows;
    });
  }

  async dispose(): Promise<void> {
    await this.#queue;
    for (const plan of this.#plans.values()) await plan.dispose();
    this.#plans.clear();
    await this.#prepared.dispose();
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
      program = new Program(this.#model.proto, graph.proto);
      this.#programs.set(key, program);
    }
    return program;
  }

  /** The plan for feeds of these types, made at their first run. */
  #planFor(feeds: Feeds, capture: readonly string[]): Plan {
    checkFeeds(this.inputs, feeds);
    const names = [...new Set(capture)].sort();
    const types = this.inputs.map(({ name }) => [feeds[name]?.dtype, feeds[name]?.shape]);
    const key = JSON.stringify([types, names]);
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = new Plan({
        backend: this.#options.backend,
        prepared: this.#prepared,
        host: this.#host,
        hostPrepared: this.#hostPrepared,
        fallback: this.#options.onUnsupported !== "error",
        program: this.#program(names),
        feeds,
      });
      this.#plans.set(key, plan);
    }
    return plan;
  }
}
