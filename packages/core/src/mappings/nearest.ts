/** The nearest of a table's values, and whose table it is. */
import { type DType, dtypes } from "../dtypes.ts";
import { ArgumentError } from "../errors.ts";
import type { Scheme } from "../scheme.ts";
import { log2Table, nf4 } from "./tables.ts";

/** The table of a scheme, by stored code; `codebook` is the fitted one. Undefined if the mapping has none. */
export function tableOf(scheme: Scheme, codebook?: ArrayLike<number>): ArrayLike<number> | undefined {
  const { dtype, mapping } = scheme;
  if (mapping.kind === "affine") return undefined;
  if (mapping.kind === "log2") return log2Table(dtype);
  if (mapping.table === "nf4") return nf4;
  const length = 2 ** dtypes[dtype].bits;
  if (codebook?.length !== length) {
    throw new ArgumentError(
      `a k-means codebook for ${dtype} has ${length} values, this one ${codebook?.length ?? "none"}`,
    );
  }
  return codebook;
}

/** Replaces the codes of the first `length` values. */
export type Search = (values: Float32Array, codes: Int32Array, length: number) => void;

/**
 * The search for the code with the nearest value in a table of `dtype`. A value in the middle between two goes to the one
 * nearer to zero; NaN is taken for 0.
 */
export function nearestIn(table: ArrayLike<number>, dtype: DType): Search {
  const { length } = table;
  const { max } = dtypes[dtype];
  const order = Array.from(table, (_, code) => code).sort((a, b) => table[a]! - table[b]!);
  const codeOf = Int32Array.from(order, (stored) => (stored > max ? stored - length : stored));
  const between = Float64Array.from({ length: length - 1 }, (_, i) => {
    const middle = (table[order[i]!]! + table[order[i + 1]!]!) / 2;
    // A negative middle belongs to the upper neighbour: move it down by less than float32 can tell.
    return middle < 0 ? middle * (1 + 2 ** -40) : middle;
  });
  return (values, codes, count) => {
    for (let i = 0; i < count; i++) {
      const x = values[i]!;
      const value = Number.isNaN(x) ? 0 : x;
      let rank = 0;
      for (let half = length >> 1; half > 0; half >>= 1) {
        rank += Number(value > between[rank + half - 1]!) * half; // no branch: it would be a coin toss
      }
      codes[i] = codeOf[rank]!;
    }
  };
}
