/** One way through the batches, whatever they are, with room for others between runs. */
import { type Batch, type Batches, macrotask } from "@bitbudget/train";

/** The batches of one epoch: the first, where there are several. */
export function epochOf(batches: Batches): Iterable<Batch> | AsyncIterable<Batch> {
  return "epoch" in batches ? batches.epoch(0, 0) : batches;
}

/** Lets come what waits: the signal to end, and the collection of what was let go. @throws the signal's reason */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await macrotask();
  signal?.throwIfAborted();
}
