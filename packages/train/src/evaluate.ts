/** Measures a model in inference mode. */
import type { Backend } from "@bitbudget/backend";
import { createSession, type ModelSource } from "@bitbudget/runtime";
import { type Batches, batchesOf } from "./batches.ts";
import { TrainingError } from "./errors.ts";
import type { Metric } from "./metrics/index.ts";

export interface EvaluateOptions<K extends string> {
  readonly backend: Backend;
  /** One epoch of them. */
  readonly batches: Batches;
  readonly metrics: Readonly<Record<K, Metric>>;
}

/**
 * Runs a model on batches, once, and measures everything on the way.
 * @throws TrainingError when there are no batches
 */
export async function evaluate<K extends string>(
  model: ModelSource,
  { backend, batches, metrics }: EvaluateOptions<K>,
): Promise<Record<K, number>> {
  await using session = await createSession(model, { backend });
  const outputs = new Set(session.outputs.map(({ name }) => name));
  const all: Metric[] = Object.values(metrics);
  const capture = all.flatMap(({ values }) => values).filter((name) => !outputs.has(name));
  const started = Object.entries<Metric>(metrics).map(([name, metric]) => [name, metric.start()] as const);
  let count = 0;
  for await (const batch of batchesOf(batches, 0, 0)) {
    const values = await session.run(batch.feeds, { capture });
    for (const [, measurement] of started) measurement.add(values, batch);
    count++;
  }
  if (count === 0) throw new TrainingError("there are no batches to evaluate on");
  return Object.fromEntries(started.map(([name, measurement]) => [name, measurement.result()])) as Record<
    K,
    number
  >;
}
