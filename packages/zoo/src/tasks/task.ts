/** A model, data to calibrate it and data to measure it: what the scripts beside this work on. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Backend } from "@bitbudget/backend";
import { type HostTensor, tensor } from "@bitbudget/core";
import type { ModelProto } from "@bitbudget/onnx";
import { createSession, type ModelSource } from "@bitbudget/runtime";
import { type Batch, evaluate, type Metric, mapBatches, meanSquare, taughtBy } from "@bitbudget/train";

export interface Task {
  readonly name: string;
  /** The float model. */
  load(): Promise<ModelProto>;
  /** Batches to calibrate with, as data.md says; may be iterated more than once. */
  calibration(): Iterable<Batch> | AsyncIterable<Batch>;
  /** Batches to measure on. Without labels their targets are the outputs of the float model. */
  evaluation(backend: Backend): Promise<Iterable<Batch> | AsyncIterable<Batch>>;
  /** The figure of merit. */
  readonly metric: Metric;
  readonly unit: "accuracy" | "nats" | "mean square";
}

/** The figure of merit of a model; accuracy in percent. @param part of the batches, 0 to 1 */
export async function measure(task: Task, model: ModelSource, backend: Backend, part = 1): Promise<number> {
  const all = await task.evaluation(backend);
  const batches: Batch[] = [];
  for await (const batch of all) batches.push(batch);
  const used = batches.slice(0, Math.max(1, Math.round(batches.length * part)));
  const { figure } = await evaluate(model, { backend, batches: used, metrics: { figure: task.metric } });
  return task.unit === "accuracy" ? 100 * figure : figure;
}

/** Points lost against another figure: less accuracy, or more nats. */
export function loss(task: Task, float: number, quantized: number): number {
  return task.unit === "accuracy" ? float - quantized : quantized - float;
}

export function show(task: Task, figure: number): string {
  return task.unit === "accuracy" ? `${figure.toFixed(2)}%` : figure.toPrecision(5);
}

/** A task without labels: the mean square of what the model's output moved away from the float model's. */
export function labelFree(
  name: string,
  load: () => Promise<ModelProto>,
  output: string,
  calibrate: () => Promise<Batch[]>,
  held: () => Promise<Batch[]>,
): Task {
  return {
    ...{ name, load, unit: "mean square", metric: meanSquare({ output }) },
    calibration: once(calibrate),
    async evaluation(backend) {
      await using session = await createSession(await load(), { backend });
      const batches: Batch[] = [];
      const taught = mapBatches(await held(), taughtBy(session, { target: output }));
      for await (const batch of taught.epoch(0, 0)) batches.push(batch);
      return batches;
    },
  };
}

/** Path of something in the folder of models and data beside the repository. @throws Error where there is none */
export function shared(path: string): string {
  const found = folder();
  if (found === undefined) throw new Error(`there is no shared/${path} beside the repository`);
  return found + path;
}

/** Whether the folder is there. Says so when it is not, and throws in CI. */
export function hasShared(tests: string): boolean {
  if (folder() !== undefined) return true;
  const reason = `${tests} skipped: ../shared beside the repository is absent`;
  if (process.env.CI !== undefined) throw new Error(reason);
  console.log(reason);
  return false;
}

function folder(): string | undefined {
  return [4, 5, 6]
    .map((up) => fileURLToPath(new URL(`${"../".repeat(up)}shared/`, import.meta.url)))
    .find((path) => existsSync(`${path}models`));
}

/** Batches that are read when somebody asks for the first of them, and then kept. */
export function once(read: () => Promise<Batch[]>): () => AsyncIterable<Batch> {
  let all: Promise<Batch[]> | undefined;
  return () => ({
    async *[Symbol.asyncIterator]() {
      all ??= read();
      yield* await all;
    },
  });
}

/** Samples in batches. */
export function batches(
  samples: readonly { readonly x: HostTensor; readonly label?: number | ArrayLike<number> }[],
  input: string,
  size: number,
): Batch[] {
  const made: Batch[] = [];
  for (let start = 0; start < samples.length; start += size) {
    const part = samples.slice(start, start + size);
    const labels = part.flatMap(({ label }) =>
      label === undefined ? [] : typeof label === "number" ? [label] : Array.from(label),
    );
    const first = part[0]?.label;
    const shape = typeof first === "number" ? [part.length] : [part.length, first?.length ?? 0];
    made.push({
      feeds: { [input]: stack(part.map(({ x }) => x)) },
      targets: labels.length === 0 ? {} : { labels: tensor("int32", shape, labels) },
    });
  }
  return made;
}

function stack(tensors: readonly HostTensor[]): HostTensor {
  const [first] = tensors;
  if (first?.dtype !== "float32" && first?.dtype !== "int64") throw new Error("nothing to stack");
  const shape = [tensors.length, ...first.shape];
  const length = first.data.length;
  if (first.dtype === "int64") {
    const data = new BigInt64Array(length * tensors.length);
    for (const [i, each] of tensors.entries()) data.set(each.data as BigInt64Array, i * length);
    return tensor("int64", shape, data);
  }
  const data = new Float32Array(length * tensors.length);
  for (const [i, each] of tensors.entries()) data.set(each.data as Float32Array, i * length);
  return tensor("float32", shape, data);
}

/** Some samples in a row. */
export function rows(all: HostTensor, from: number, count: number): HostTensor {
  const [, ...shape] = all.shape;
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    "float32",
    [count, ...shape],
    (all.data as Float32Array).slice(from * size, (from + count) * size),
  );
}
