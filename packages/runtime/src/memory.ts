/**
 * Memory planning: slots whose lives do not overlap share bytes of one arena.
 * Greedy by size, best fit (Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference").
 */
import { VIEW_ALIGNMENT } from "@bitbudget/backend";
import type { Slot } from "./values.ts";

export interface Arena {
  /** Peak bytes of all intermediate values together. */
  readonly bytes: number;
  readonly offsets: ReadonlyMap<Slot, number>;
}

interface Placed {
  readonly slot: Slot;
  readonly offset: number;
  readonly end: number;
}

/** Places every slot; two slots may share bytes only if no step touches both. */
export function planArena(slots: Iterable<Slot>): Arena {
  const bySize = [...slots]
    .filter((slot) => slot.last >= 0)
    .sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  const placed: Placed[] = [];
  let bytes = 0;
  for (const slot of bySize) {
    const size = align(slot.bytes);
    const offset = bestGap(
      placed.filter((other) => livesTogether(slot, other.slot)),
      size,
    );
    const end = offset + size;
    // Kept in the order of their offsets, in which gaps are looked for.
    const at = placed.findIndex((other) => other.offset > offset);
    placed.splice(at < 0 ? placed.length : at, 0, { slot, offset, end });
    bytes = Math.max(bytes, end);
  }
  return { bytes, offsets: new Map(placed.map(({ slot, offset }) => [slot, offset])) };
}

/** Smallest gap that holds `size` bytes between the neighbours, or the end of the last. */
function bestGap(neighbours: readonly Placed[], size: number): number {
  let best = -1;
  let bestGapSize = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const neighbour of neighbours) {
    const gap = neighbour.offset - end;
    if (gap >= size && gap < bestGapSize) {
      best = end;
      bestGapSize = gap;
    }
    end = Math.max(end, neighbour.end);
  }
  return best >= 0 ? best : end;
}

function livesTogether(a: Slot, b: Slot): boolean {
  return a.first <= b.last && b.first <= a.last;
}

function align(bytes: number): number {
  return Math.ceil(bytes / VIEW_ALIGNMENT) * VIEW_ALIGNMENT;
}
