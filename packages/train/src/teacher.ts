/** Targets that another model gives: the logits of a teacher. */
import type { Session } from "@bitbudget/runtime";
import type { Batch } from "./batch.ts";
import { type Batches, type BatchSource, batchesOf } from "./batches.ts";

/**
 * Adds values of a model to the targets of a batch: for `prepare` of `miniBatches`, after augmentation, or for
 * `mapBatches`.
 * @param session of the teacher, which takes the same feeds
 * @param values of the teacher, by the name of the target that they become: { teacher: "logits" }
 */
export function taughtBy(
  session: Session,
  values: Readonly<Record<string, string>>,
): (batch: Batch) => Promise<Batch> {
  const outputs = new Set(session.outputs.map(({ name }) => name));
  const capture = Object.values(values).filter((name) => !outputs.has(name));
  return async ({ feeds, targets }) => {
    const results = await session.run(feeds, { capture });
    const made = Object.entries(values).map(([target, name]) => [target, results[name]!] as const);
    return { feeds, targets: { ...targets, ...Object.fromEntries(made) } };
  };
}

/** Batches of which each is changed before it is used. */
export function mapBatches(batches: Batches, change: (batch: Batch) => Batch | Promise<Batch>): BatchSource {
  return {
    ...("epoch" in batches && batches.length !== undefined && { length: batches.length }),
    async *epoch(epoch, from) {
      for await (const batch of batchesOf(batches, epoch, from)) yield await change(batch);
    },
  };
}
