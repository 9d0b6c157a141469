/** Gradients along the errors of weights and activations: one number for each layer and draw, which predict any mixture of layers. */
import type { Backend } from "@bitbudget/backend";
import { elementCount, type HostTensor, tensor } from "@bitbudget/core";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import { createSession, type Feeds, modelValues, type Results, type Session } from "@bitbudget/runtime";
import { type Batch, permutation, type StepGraph, stepGraph } from "@bitbudget/train";
import { pause } from "../epoch.ts";
import { roundingErrors } from "./activations.ts";
import type { Measure } from "./objective.ts";
import type { SwitchedLayer } from "./switchable.ts";

/** Errors that a gradient is taken along: of one layer under one scheme. Several of them may be of one layer. */
export type Variant = Pick<SwitchedLayer, "weights" | "activations">;

/** What one gradient says, with an element for each variant. */
export interface Draw {
  /** g . d: the gradient by what a layer reads, times its error. */
  readonly along: Float64Array;
  /** Sum of g^2 d^2: as if these errors had nothing to do with each other. */
  readonly diagonal: Float64Array;
  /** What a square of these is multiplied with. */
  readonly factor: number;
}

/** Graphs of steps that are kept, for different shapes. */
const MAX_STEPS = 2;

/** Takes gradients, with a session for each set of shapes. */
export class Gradients implements AsyncDisposable {
  readonly #model: ModelProto;
  readonly #variants: readonly Variant[];
  readonly #measure: Measure;
  readonly #backend: Backend;
  readonly #steps = new Map<string, { readonly graph: StepGraph; readonly session: Session }>();

  /** @param model that is made to be differentiated */
  constructor(model: ModelProto, variants: readonly Variant[], measure: Measure, backend: Backend) {
    this.#model = model;
    this.#variants = variants;
    this.#measure = measure;
    this.#backend = backend;
  }

  /**
   * @param float values of the float model for the batch
   * @throws NoGradientError for a model that cannot be differentiated
   */
  async draw(batch: Batch, float: Results, random: () => number): Promise<Draw> {
    const { graph, session } = await this.#step(batch.feeds);
    const targets = this.#measure.targets(batch, float, random);
    const wanted = graph.targets.map(({ name, dtype }) => [name, asLabels(targets[name], dtype)] as const);
    const weights = this.#variants.flatMap((layer) =>
      layer.weights.map(({ input, float: w }) => [input, w] as const),
    );
    const feeds = { ...batch.feeds, ...Object.fromEntries(weights) };
    for (const [name, value] of wanted) if (value !== undefined) feeds[name] = value;
    const results = await session.run(feeds);
    const count = this.#variants.length;
    const [along, diagonal] = [new Float64Array(count), new Float64Array(count)];
    for (const [i, { weights: own, activations }] of this.#variants.entries()) {
      const add = (value: string, errors: Iterable<number>) => {
        const output = graph.gradients.get(value);
        // Something that the loss does not depend on.
        if (output === undefined) return;
        const g = results[output]!.data as Float32Array;
        let k = 0;
        for (const error of errors) {
          const d = g[k++]! * error;
          along[i]! += d;
          diagonal[i]! += d * d;
        }
      };
      for (const { input, float: w, quantized } of own) add(input, differences(quantized.data, w.data));
      for (const { value, rounding } of activations) {
        const x = results[graph.outputs.get(value) ?? ""]?.data;
        if (x instanceof Float32Array) add(value, roundingErrors(x, rounding));
      }
    }
    return { along, diagonal, factor: this.#measure.factor(batch, float) };
  }

  /** Adds draws from random samples of a batch, or the same one again where it has fewer. */
  async take(
    draws: Draw[],
    count: number,
    whole: Sample,
    { random, signal }: { readonly random: () => number; readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    const samples = samplesOf(this.#model, whole);
    const order = permutation(samples.length, random);
    for (let i = 0; i < count; i++) {
      const { batch, float } = samples[order[i % order.length]!]!;
      draws.push(await this.draw(batch, float, random));
      await pause(signal);
    }
  }

  async #step(feeds: Feeds) {
    const shapes = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape]));
    const key = JSON.stringify(shapes);
    let step = this.#steps.get(key);
    if (step === undefined) {
      const weights = this.#variants.flatMap((layer) => layer.weights.map(({ input }) => input));
      const values = this.#variants.flatMap(({ activations }) => activations.map(({ value }) => value));
      const outputs = [...new Set(values)];
      const parameters = [...new Set(weights), ...outputs];
      const { loss } = this.#measure;
      const graph = stepGraph(this.#model, { shapes, parameters, outputs, loss, statistics: "frozen" });
      step = { graph, session: await createSession(graph.model, { backend: this.#backend, maxPlans: 1 }) };
      this.#steps.set(key, step);
    }
    const [oldest] = this.#steps;
    if (this.#steps.size > MAX_STEPS && oldest !== undefined) {
      this.#steps.delete(oldest[0]);
      await oldest[1].session.dispose();
    }
    return step;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { session } of this.#steps.values()) await session.dispose();
    this.#steps.clear();
  }
}

function* differences(a: Float32Array, b: Float32Array): Generator<number> {
  for (let i = 0; i < a.length; i++) yield a[i]! - b[i]!;
}

/** Labels may be integers of any size. */
function asLabels(value: HostTensor | undefined, dtype: string): HostTensor | undefined {
  if (value === undefined || value.dtype === dtype || dtype !== "int32") return value;
  return tensor("int32", value.shape, Int32Array.from(value.data as ArrayLike<number | bigint>, Number));
}

export interface Sample {
  readonly batch: Batch;
  /** Values of the float model. */
  readonly float: Results;
}

/** Samples of a batch, each as a batch of one; the batch as it is where it cannot be taken apart. */
function samplesOf(model: ModelProto, { batch, float }: Sample): Sample[] {
  const all = [batch.feeds, batch.targets, float].flatMap((tensors) => Object.values(tensors));
  const count = all[0]?.shape[0];
  const isFree = modelValues(Graph.of(model).inputs).every(({ shape }) => typeof shape?.[0] !== "number");
  if (count === undefined || count < 2 || !isFree) return [{ batch, float }];
  if (!all.every((value) => value.shape[0] === count && isWhole(value))) return [{ batch, float }];
  const { feeds, targets } = batch;
  return Array.from({ length: count }, (_, i) => ({
    batch: { feeds: rowOf(feeds, i), targets: rowOf(targets, i) },
    float: rowOf(float, i),
  }));
}

function rowOf(tensors: Feeds, row: number): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
      const size = elementCount(shape.slice(1));
      return [
        name,
        { dtype, shape: [1, ...shape.slice(1)], data: data.subarray(row * size, (row + 1) * size) },
      ];
    }),
  );
}

/** Codes under 8 bits share bytes. */
function isWhole({ shape, data }: HostTensor): boolean {
  return data.length === elementCount(shape);
}
