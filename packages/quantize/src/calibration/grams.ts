/**
 * Gram matrices of what layers read: what second-order rounding knows of the data (Frantar et al. 2023, GPTQ, section
 * 3.1). The rows of a layer's input are those that the rows of its weight are multiplied with: the vectors along the
 * last axis, or the windows of a convolution.
 */
import type { Backend } from "@bitbudget/backend";
import { extent, type HostTensor, InfinityError, NaNError } from "@bitbudget/core";
import { type ModelSource, readModel } from "@bitbudget/runtime";
import { type Batches, batchesOf, randomNumbers } from "@bitbudget/train";
import { QuantizeError } from "../errors.ts";
import type { Layer } from "../layers.ts";
import { layerRows } from "../rounding/layer-rows.ts";
import { Multiplier, OuterProducts } from "../rounding/products.ts";
import { checkValues } from "./activations.ts";
import { Capture, floatsOf } from "./capture.ts";
import { CalibrationError } from "./errors.ts";
import { type GramJob, gramGroups, gramJobs } from "./gram-jobs.ts";
import type { LayerGram } from "./statistics.ts";

export interface GramOptions {
  readonly backend: Backend;
  /** Rows that are used of each batch, at most; they are spread over its samples and positions. Default 1024. */
  readonly rows?: number;
  /** Of the choice of rows. Default 0. */
  readonly seed?: number;
  /** Bytes for sums, rows and captured values together; with less, there are more passes. Default 512 MiB. */
  readonly memory?: number;
  /** Another model, whose layers' inputs are compared with those of the first: one that is quantized, or in part. */
  readonly other?: OtherModel;
  readonly signal?: AbortSignal;
  /** Called after each batch. */
  readonly onProgress?: (progress: GramProgress) => void;
}

export interface OtherModel {
  readonly model: ModelSource;
  /** Name of the input of a layer in that model. Default: as in the first. */
  readonly input?: (layer: Layer) => string;
}

export interface GramProgress {
  /** From 1. */
  readonly pass: number;
  readonly passes: number;
  /** Batches of this pass that are done. */
  readonly batches: number;
}

export interface LayerInputs {
  readonly layer: Layer;
  readonly gram: LayerGram;
  /** Of the other model, if there is one. */
  readonly other: OtherInputs | undefined;
}

export interface OtherInputs {
  readonly gram: LayerGram;
  /** [groups, size, size]: the mean of x y^T, x of the first model and y of the other, from the same places. */
  readonly cross: Float64Array;
}

/**
 * The inputs of layers, one layer after the other, in as many passes over the batches as memory asks for. What was handed
 * out is not kept: use it and let it go. Layers that read the same rows share one Gram matrix.
 *
 * @param layers of the main graph of the model: Conv, Gemm, and MatMul with a matrix
 * @throws AssignmentError for other layers, QuantizeError where there are no batches or too little memory, CalibrationError
 * for NaN and infinity
 */
export async function* inputGrams(
  source: ModelSource,
  layers: readonly Layer[],
  batches: Batches,
  options: GramOptions,
): AsyncGenerator<LayerInputs> {
  const { backend, rows = 1024, memory = 512 * 2 ** 20, other } = options;
  if (!(Number.isInteger(rows) && rows >= 1)) throw new QuantizeError(`rows must be 1 or more, not ${rows}`);
  const jobs = gramJobs(layers, other?.input ?? (({ input }) => input));
  const hasOther = other !== undefined;
  // The eighth that is left is for captured values, which are on the backend and here.
  const groups = gramGroups(jobs, { memory: (7 / 8) * memory, rows, hasOther });
  const model = await readModel(source);
  const second = other === undefined ? undefined : await readModel(other.model);
  const share = memory / (hasOther ? 32 : 16);
  await using multiplier = await Multiplier.open(backend);
  for (const [i, group] of groups.entries()) {
    const sums = group.map((job) => new GramSums(job, multiplier, hasOther));
    {
      const open = (each: typeof model, names: readonly string[]) =>
        Capture.open(each, {
          backend,
          names: checkValues(each, names),
          memory: share,
          signal: options.signal,
        });
      await using first = await open(
        model,
        group.map(({ layer }) => layer.input),
      );
      await using compared =
        second &&
        (await open(
          second,
          group.map((job) => job.other),
        ));
      let batch = 0;
      options.signal?.throwIfAborted();
      for await (const { feeds } of batchesOf(batches, 0, 0)) {
        for await (const [name, value] of first.run(feeds))
          for (const each of sums) if (each.job.layer.input === name) await each.add(value, batch, options);
        if (compared !== undefined)
          for await (const [name, value] of compared.run(feeds))
            for (const each of sums) if (each.job.other === name) await each.compare(value, batch, options);
        batch++;
        options.onProgress?.({ pass: i + 1, passes: groups.length, batches: batch });
      }
      if (batch === 0) throw new QuantizeError("there are no batches to see inputs of layers in");
    }
    for (const each of sums) {
      const found = each.result();
      for (const layer of each.job.layers) yield { layer, ...found };
    }
  }
}

/** The sums of one job. */
class GramSums {
  readonly job: GramJob;
  readonly #multiplier: Multiplier;
  readonly #first: Moments;
  readonly #other: Moments | undefined;
  readonly #cross: OuterProducts | undefined;
  /** Of the first model, for the batch at hand. */
  #rows: Float32Array = new Float32Array();

  constructor(job: GramJob, multiplier: Multiplier, hasOther: boolean) {
    const { groups, size } = job.matrix;
    this.job = job;
    this.#multiplier = multiplier;
    this.#first = new Moments(groups, size);
    this.#other = hasOther ? new Moments(groups, size) : undefined;
    this.#cross = hasOther ? new OuterProducts(groups, size) : undefined;
  }

  async add(value: HostTensor, batch: number, options: GramOptions): Promise<void> {
    const { rows, count } = this.#choose(value, this.job.layer.input, batch, options);
    await this.#first.add(this.#multiplier, rows, count);
    if (this.#other !== undefined) this.#rows = rows;
  }

  /** Of the other model, after the first has had its turn with the same batch. */
  async compare(value: HostTensor, batch: number, options: GramOptions): Promise<void> {
    const { rows, count } = this.#choose(value, this.job.other, batch, options);
    if (rows.length !== this.#rows.length)
      throw new QuantizeError(
        `layer ${JSON.stringify(this.job.layer.name)} reads ${this.#rows.length} numbers in one model and ` +
          `${rows.length} in the other; name the input that corresponds`,
      );
    await this.#other?.add(this.#multiplier, rows, count);
    await this.#cross?.add(this.#multiplier, this.#rows, rows, count);
  }

  result(): Omit<LayerInputs, "layer"> {
    const other = this.#other && this.#cross && { gram: this.#other.gram, cross: this.#cross.values };
    return { gram: this.#first.gram, other };
  }

  /** The same places in both models. */
  #choose(value: HostTensor, name: string, batch: number, { rows = 1024, seed = 0 }: GramOptions) {
    const { layer, weight } = this.job;
    const floats = floatsOf(value);
    if (floats === undefined)
      throw new QuantizeError(`value ${JSON.stringify(name)} is ${value.dtype}; Gram matrices are of floats`);
    const data = floats instanceof Float32Array ? floats : Float32Array.from(floats);
    const random = randomNumbers(seed, layer.index, batch);
    const input: HostTensor = { dtype: "float32", shape: value.shape, data };
    const found = layerRows(layer, weight, input, rows, (count, limit) => spread(count, limit, random));
    let sum = 0;
    for (let i = 0; i < found.rows.length; i++) sum += found.rows[i]!;
    if (!Number.isFinite(sum)) checkFinite(floats, name, batch);
    return found;
  }
}

/** The mean of rows and of their outer products. */
class Moments {
  readonly #groups: number;
  readonly #size: number;
  readonly #products: OuterProducts;
  readonly #sum: Float64Array;
  #rows = 0;

  constructor(groups: number, size: number) {
    this.#groups = groups;
    this.#size = size;
    this.#products = new OuterProducts(groups, size);
    this.#sum = new Float64Array(groups * size);
  }

  /** @param rows [groups, count, size] */
  async add(multiplier: Multiplier, rows: Float32Array, count: number): Promise<void> {
    if (count === 0) return;
    await this.#products.add(multiplier, rows, rows, count);
    const size = this.#size;
    const sum = this.#sum;
    for (let row = 0, at = 0; row < this.#groups * count; row++) {
      const to = Math.floor(row / count) * size;
      for (let i = 0; i < size; i++) sum[to + i]! += rows[at++]!;
    }
    this.#rows += count;
  }

  get gram(): LayerGram {
    const rows = this.#rows;
    const [size, groups] = [this.#size, this.#groups];
    return { rows, size, groups, values: this.#products.values, mean: this.#sum.map((x) => x / rows || 0) };
  }
}

/** One place at random out of each of `limit` stretches of equal length; all places if there are no more. */
export function spread(count: number, limit: number, random: () => number): Int32Array {
  if (count <= limit) return Int32Array.from({ length: count }, (_, i) => i);
  return Int32Array.from({ length: limit }, (_, i) => Math.floor(((i + random()) * count) / limit));
}

function checkFinite(values: ArrayLike<number>, name: string, batch: number): void {
  try {
    extent(values, batch);
  } catch (error) {
    if (error instanceof NaNError) throw new CalibrationError(name, batch, error.index, Number.NaN);
    if (error instanceof InfinityError) throw new CalibrationError(name, batch, error.index, error.value);
    throw error;
  }
}
