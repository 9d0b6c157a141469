/** Where the largest, smallest and nonzero elements are. All compare numbers; NaN counts as larger than every number. */
import type { HostTensor } from "@bitbudget/core";
import { elementCount } from "@bitbudget/core";
import { comparable } from "./arithmetic.ts";

/** An axis of a tensor: what is before and behind it, and its length. */
export interface Lanes {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

export function lanesOf(shape: readonly number[], axis: number): Lanes {
  return {
    outer: elementCount(shape.slice(0, axis)),
    length: shape[axis] ?? 1,
    inner: elementCount(shape.slice(axis + 1)),
  };
}

/** Ascending, NaN last. Works on bigints, too. */
export function compare(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** Index of the extreme of each lane; of equal ones the first, or the last. As in numpy, NaN is every lane's extreme. */
export function extremeIndices(
  x: HostTensor,
  { outer, length, inner }: Lanes,
  largest: boolean,
  last: boolean,
): BigInt64Array {
  const values = comparable(x);
  const better = (a: number | bigint, b: number | bigint): boolean => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && (last || !Number.isNaN(b));
    return largest ? a > b || (last && a === b) : a < b || (last && a === b);
  };
  const indices = new BigInt64Array(outer * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const start = o * length * inner + i;
      let best = 0;
      for (let k = 1; k < length; k++)
        if (better(values[start + k * inner]!, values[start + best * inner]!)) best = k;
      indices[o * inner + i] = BigInt(best);
    }
  return indices;
}

/** Positions of the `count` largest or smallest elements of each lane, best first; of equal ones the first comes first. */
export function topPositions(
  x: HostTensor,
  { outer, length, inner }: Lanes,
  count: number,
  largest: boolean,
): { readonly positions: Int32Array; readonly indices: BigInt64Array } {
  const values = comparable(x);
  const positions = new Int32Array(outer * count * inner);
  const indices = new BigInt64Array(outer * count * inner);
  const sign = largest ? -1 : 1;
  const order = new Int32Array(length);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const start = o * length * inner + i;
      for (let k = 0; k < length; k++) order[k] = k;
      order.sort((a, b) => sign * compare(values[start + a * inner]!, values[start + b * inner]!) || a - b);
      for (let k = 0; k < count; k++) {
        const at = (o * count + k) * inner + i;
        positions[at] = start + order[k]! * inner;
        indices[at] = BigInt(order[k]!);
      }
    }
  return { positions, indices };
}
