/** reduce: sums, extremes and norms over axes. */
import { definitionOf, type ReduceFunction, reduceCount } from "@bitbudget/backend";
import { type DType, dtypes, elementCount, type Storage, strides, type TensorType } from "@bitbudget/core";
import { type Bigints, holdsBigints } from "../bigints.ts";
import { load, store } from "../elements.ts";
import type { JsKernel, Numbers } from "../kernel.ts";
import { bigintReduction, fold, logSumExp, numberReduction, type Partition } from "../reductions.ts";
import { rowsOf } from "../rows.ts";
import { floats, integers, plainRows } from "./formats.ts";

export const reduce: JsKernel<"reduce"> = {
  rows: plainRows([...floats, ...integers, "bool"]),

  prepare(_, spec) {
    const type = spec.inputs[0]!;
    const output = definitionOf(spec).outputs(spec)[0]!;
    const { function: fn, axes } = spec.attributes;
    const kept = type.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
    const toResult = strides(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
    const partition: Partition = {
      results: elementCount(output.shape),
      count: reduceCount(spec),
      rows: rowsOf(type.shape, strides(type.shape), toResult),
    };
    return {
      bytes: 0,
      run([x], [y]) {
        if (isInteger(type.dtype) && fn !== "logSum" && fn !== "logSumExp") {
          const sums: bigint[] = [];
          fold(partition, bigintReduction(fn, type.dtype), bigints(x!, type), sums);
          storeBigints(sums, y!, output);
        } else {
          const sums = foldNumbers(partition, fn, load(x!, type));
          store(isInteger(type.dtype) ? sums.map(truncate(type.dtype)) : sums, y!, output);
        }
      },
    };
  },
};

function isInteger(dtype: DType): boolean {
  return dtypes[dtype].kind !== "float";
}

function foldNumbers(partition: Partition, fn: ReduceFunction, x: Numbers): Float64Array {
  const sums = new Float64Array(partition.results);
  if (fn !== "logSumExp") {
    fold(partition, numberReduction(fn), x, sums);
  } else {
    fold(partition, numberReduction("max"), x, sums);
    fold(partition, logSumExp(sums.slice()), x, sums);
  }
  return sums;
}

/** A logarithm as an integer: truncated and saturated, and 0 for NaN. */
function truncate(dtype: DType): (x: number) => number {
  const { min, max } = dtypes[dtype];
  return (x) => (Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), min), max));
}

function bigints(storage: Storage, type: TensorType): Bigints | bigint[] {
  return holdsBigints(storage) ? storage : Array.from(load(storage, type), BigInt);
}

/** Writes integers, which wrap where they leave the format. */
function storeBigints(values: readonly bigint[], storage: Storage, type: TensorType): void {
  if (holdsBigints(storage)) storage.set(values);
  else
    store(
      Float64Array.from(values, (value) => Number(BigInt.asIntN(32, value))),
      storage,
      type,
    );
}
