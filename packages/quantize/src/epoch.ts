/** One way through the batches, whatever they are. */
import type { Batch, Batches } from "@bitbudget/train";

/** The batches of one epoch: the first, where there are several. */
export function epochOf(batches: Batches): Iterable<Batch> | AsyncIterable<Batch> {
  return "epoch" in batches ? batches.epoch(0, 0) : batches;
}
