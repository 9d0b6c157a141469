/** What numbers the activations of a model are, from a run over some batches: where quantizers start. */
import type { Backend } from "@bitbudget/backend";
import { minMax, type Observer, valuesOf } from "@bitbudget/core";
import type { ModelProto } from "@bitbudget/onnx";
import { createSession, type Feeds } from "@bitbudget/runtime";
import { TrainingError } from "../errors.ts";
import type { Sample } from "./formats.ts";

/** Numbers of a batch that are kept, and of all batches: enough for a mean and a squared error. */
const OF_BATCH = 4096;
const OF_ALL = 16384;

/** @throws TrainingError when there are no batches; NaNError, InfinityError for activations that are not finite */
export async function sampleActivations(
  model: ModelProto,
  names: readonly string[],
  batches: AsyncIterable<Feeds> | Iterable<Feeds>,
  backend: Backend,
): Promise<ReadonlyMap<string, Sample>> {
  const samplers = new Map(names.map((name) => [name, new Sampler()]));
  await using session = await createSession(model, { backend });
  const inputs = new Set(session.inputs.map(({ name }) => name));
  const capture = names.filter((name) => !inputs.has(name));
  let count = 0;
  for await (const feeds of batches) {
    const results = await session.run(feeds, { capture });
    for (const [name, sampler] of samplers) sampler.add(valuesOf((results[name] ?? feeds[name])!));
    count++;
  }
  if (count === 0) throw new TrainingError("there are no batches to calibrate with; give at least one");
  return new Map(Array.from(samplers, ([name, sampler]) => [name, sampler.sample()]));
}

class Sampler {
  readonly #range: Observer = minMax();
  readonly #values = new Float32Array(OF_ALL);
  #count = 0;

  add(values: ArrayLike<number>): void {
    this.#range.observe(values);
    const wanted = Math.min(OF_BATCH, OF_ALL - this.#count, values.length);
    // A stride that shares no factor with the sizes of tensors.
    const stride = Math.max(1, Math.floor(values.length / Math.max(wanted, 1))) | 1;
    for (let i = 0; i < wanted; i++) this.#values[this.#count++] = values[(i * stride) % values.length]!;
  }

  sample(): Sample {
    return { values: this.#values.subarray(0, this.#count), ...this.#range.range() };
  }
}
