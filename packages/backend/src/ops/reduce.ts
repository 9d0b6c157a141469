/** reduce: sums, extremes and norms over axes (ONNX Reduce operators). */
import type { KernelSpec } from "../spec.ts";
import { exact, sumOf, ulps } from "../tolerance.ts";
import {
  check,
  checkComputable,
  checkInputCount,
  input,
  isFloat,
  type OpDefinition,
  size,
} from "./definition.ts";

export const reduceFunctions = [
  "sum",
  "mean",
  "max",
  "min",
  "prod",
  "l1",
  "l2",
  "sumSquare",
  "logSum",
  "logSumExp",
] as const;
export type ReduceFunction = (typeof reduceFunctions)[number];

export interface ReduceAttributes {
  readonly function: ReduceFunction;
  /** Ascending, non-negative. Empty: nothing is reduced, the function still applies to each element. */
  readonly axes: readonly number[];
  /** Keep reduced axes with length 1. */
  readonly keepDims: boolean;
}

/** Elements that make one result. */
export function reduceCount(spec: KernelSpec<"reduce">): number {
  const { shape } = input(spec);
  return size(spec.attributes.axes.map((axis) => shape[axis] ?? 1));
}

export function checkAxes(spec: KernelSpec, axes: readonly number[], rank: number): void {
  const sound = axes.every(
    (axis, i) => Number.isInteger(axis) && axis >= 0 && axis < rank && axis > (axes[i - 1] ?? -1),
  );
  check(
    sound,
    spec,
    "attributes.axes",
    `must be ascending integers from 0 to ${rank - 1}, not [${axes.join(", ")}]`,
  );
}

export const reduce: OpDefinition<"reduce"> = {
  op: "reduce",
  summary: "sums, extremes and norms over axes",
  onnx: [
    "ReduceSum",
    "ReduceMean",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "ReduceL1",
    "ReduceL2",
    "ReduceSumSquare",
    "ReduceLogSum",
    "ReduceLogSumExp",
  ],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    checkComputable(spec, "inputs[0].dtype", dtype);
    const { function: fn, axes, keepDims } = spec.attributes;
    check(reduceFunctions.includes(fn), spec, "attributes.function", `is unknown: ${fn}`);
    checkAxes(spec, axes, shape.length);
    const numeric = dtype !== "bool" || fn === "max" || fn === "min";
    check(numeric, spec, "inputs[0].dtype", `of ${fn} must not be bool`);
    const kept = shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
    return [{ dtype, shape: keepDims ? kept : kept.filter((_, axis) => !axes.includes(axis)) }];
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: dtype };
  },
  operations: (spec) => size(input(spec).shape),
  tolerance(spec) {
    const { dtype } = input(spec);
    const fn = spec.attributes.function;
    const count = reduceCount(spec);
    if (!isFloat(dtype) || fn === "max" || fn === "min") return exact;
    if (fn === "prod" || fn === "l2") return ulps(count + 4);
    if (fn === "logSum" || fn === "logSumExp") return ulps(count + 8, (count + 40) * 2 ** -22);
    return sumOf(count, dtype);
  },
};
