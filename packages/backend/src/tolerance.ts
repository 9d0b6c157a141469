/**
 * How far a result may lie from the specification. The bound follows from the spec alone; the conformance suite
 * applies it, and no backend has a say in it. docs/numerics.md derives the figures.
 */
import { dtypes, type FloatName } from "@bitbudget/core";

export interface Tolerance {
  /** Allowed distance in units in the last place of the output's format. 0: equal bit for bit. */
  readonly ulp: number;
  /**
   * Whose last place. "result": that of the expected value. "magnitude": that of the same computation on absolute
   * values, the right yardstick for sums, where terms cancel (Higham, Accuracy and Stability, section 3.1).
   */
  readonly of: "result" | "magnitude";
  /** Allowed distance whatever the value, for functions whose result passes through zero. */
  readonly absolute?: number;
}

/** Equal bit for bit (NaN equals NaN, and only NaN). */
export const exact: Tolerance = { ulp: 0, of: "result" };

export function ulps(ulp: number, absolute?: number): Tolerance {
  return absolute === undefined ? { ulp, of: "result" } : { ulp, of: "result", absolute };
}

/**
 * A sum of `length` float32 terms in any order, with or without fused multiply-add: |error| <= length * eps * sum of
 * magnitudes, plus three roundings for a scale, a bias and the result; counted in the last place of the output.
 */
export function sumOf(length: number, output: FloatName = "float32"): Tolerance {
  const { epsilon } = dtypes[output];
  if (epsilon <= FLOAT32_EPSILON) return { ulp: length + 3, of: "magnitude" };
  return { ulp: Math.ceil(((length + 3) * FLOAT32_EPSILON) / epsilon) + 1, of: "magnitude" };
}

const FLOAT32_EPSILON = 2 ** -23;
