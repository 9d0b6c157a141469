/** The distinct elements of a list, or slices of a tensor (ONNX Unique). */
import type { HostTensor } from "@bitbudget/core";
import { comparable } from "./arithmetic.ts";
import { compare, type Lanes } from "./selection.ts";

export interface Unique {
  /** Index of the first occurrence of each distinct slice. */
  readonly first: number[];
  /** For each slice, which distinct one it is. */
  readonly inverse: number[];
  readonly counts: number[];
}

/** Slices along an axis, compared element by element. In ascending order, or in that of their first occurrence. */
export function uniqueSlices(x: HostTensor, { outer, length, inner }: Lanes, sorted: boolean): Unique {
  const values = comparable(x);
  const compareSlices = (a: number, b: number): number => {
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        const start = o * length * inner + i;
        const order = compare(values[start + a * inner]!, values[start + b * inner]!);
        if (order !== 0) return order;
      }
    return 0;
  };
  const order = Array.from({ length }, (_, k) => k).sort((a, b) => compareSlices(a, b) || a - b);
  const groups: number[][] = [];
  for (const k of order) {
    const group = groups.at(-1);
    if (group !== undefined && compareSlices(group[0]!, k) === 0) group.push(k);
    else groups.push([k]);
  }
  if (!sorted) groups.sort((a, b) => a[0]! - b[0]!);
  const inverse = new Array<number>(length).fill(0);
  for (const [i, group] of groups.entries()) for (const k of group) inverse[k] = i;
  return { first: groups.map(([k = 0]) => k), inverse, counts: groups.map((group) => group.length) };
}
