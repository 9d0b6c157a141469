/**
 * How many numbers become one: a start, a step for each number, an end. Floats are folded in float64, integers as
 * bigints, so that their sums are exact until the output's array wraps them.
 */
import type { ReduceFunction } from "@bitbudget/backend";
import { type DType, dtypes, encode } from "@bitbudget/core";
import { larger, smaller } from "./bigints.ts";
import type { Rows } from "./rows.ts";

export interface Reduction<T> {
  /** The result of no numbers, before `end`. */
  readonly start: T;
  /** `at` is the position of the result. */
  step(sum: T, x: T, at: number): T;
  end?(sum: T, count: number, at: number): T;
}

/** Which elements make which result. */
export interface Partition {
  readonly results: number;
  /** Elements of a result. */
  readonly count: number;
  /** The elements, and the result of each. */
  readonly rows: Rows;
}

/** Folds the elements of each result into its place. */
export function fold<T>(
  { results, count, rows }: Partition,
  { start, step, end }: Reduction<T>,
  x: ArrayLike<T>,
  into: { [at: number]: T },
): void {
  for (let at = 0; at < results; at++) into[at] = start;
  const { length, steps } = rows;
  const [stepX = 0, stepInto = 0] = steps;
  rows.forEach(([startX = 0, startInto = 0]) => {
    for (let i = 0; i < length; i++) {
      const at = startInto + i * stepInto;
      into[at] = step(into[at]!, x[startX + i * stepX]!, at);
    }
  });
  if (end !== undefined) for (let at = 0; at < results; at++) into[at] = end(into[at]!, count, at);
}

const add = (sum: number, x: number) => sum + x;
const addSquare = (sum: number, x: number) => sum + x * x;

/** Of floats. */
export function numberReduction(fn: Exclude<ReduceFunction, "logSumExp">): Reduction<number> {
  switch (fn) {
    case "sum":
      return { start: 0, step: add };
    case "mean":
      return { start: 0, step: add, end: (sum, count) => sum / count };
    case "prod":
      return { start: 1, step: (product, x) => product * x };
    case "max":
      return { start: Number.NEGATIVE_INFINITY, step: (a, b) => Math.max(a, b) };
    case "min":
      return { start: Number.POSITIVE_INFINITY, step: (a, b) => Math.min(a, b) };
    case "l1":
      return { start: 0, step: (sum, x) => sum + Math.abs(x) };
    case "l2":
      return { start: 0, step: addSquare, end: Math.sqrt };
    case "sumSquare":
      return { start: 0, step: addSquare };
    case "logSum":
      return { start: 0, step: add, end: Math.log };
  }
}

/** log(sum(exp(x - peak))) + peak: the sum neither overflows nor vanishes. `peaks` are the largest terms. */
export function logSumExp(peaks: Float64Array): Reduction<number> {
  // Infinite terms need no help, and a difference of infinities would be NaN.
  const shifts = peaks.map((peak) => (Number.isFinite(peak) ? peak : 0));
  return {
    start: 0,
    step: (sum, x, at) => sum + Math.exp(x - shifts[at]!),
    end: (sum, _count, at) => Math.log(sum) + shifts[at]!,
  };
}

const addBigints = (sum: bigint, x: bigint) => sum + x;
const addBigintSquare = (sum: bigint, x: bigint) => sum + x * x;

/** Of integers, and extremes of bools. A mean is truncated, as division is; a square root likewise. */
export function bigintReduction(
  fn: Exclude<ReduceFunction, "logSum" | "logSumExp">,
  dtype: DType,
): Reduction<bigint> {
  switch (fn) {
    case "sum":
      return { start: 0n, step: addBigints };
    case "mean":
      return { start: 0n, step: addBigints, end: (sum, count) => (count === 0 ? 0n : sum / BigInt(count)) };
    case "prod":
      return { start: 1n, step: (product, x) => BigInt.asIntN(64, product * x) };
    case "max":
      return { start: BigInt(dtypes[dtype].min), step: larger };
    case "min":
      return { start: BigInt(encode(dtype, Number.POSITIVE_INFINITY)), step: smaller };
    case "l1":
      return { start: 0n, step: (sum, x) => (x < 0n ? sum - x : sum + x) };
    case "l2":
      return { start: 0n, step: addBigintSquare, end: squareRoot };
    case "sumSquare":
      return { start: 0n, step: addBigintSquare };
  }
}

/** The integer part of a square root, by Newton's method from above. */
function squareRoot(x: bigint): bigint {
  if (x < 2n) return x;
  let root = 1n << BigInt(Math.ceil(x.toString(2).length / 2));
  for (;;) {
    const next = (root + x / root) / 2n;
    if (next >= root) return root;
    root = next;
  }
}
