/** Reductions of rows and columns of every length around vectors, and of groups of axes one after the other. */
import { type ReduceFunction, reduceFunctions } from "@bitbudget/backend";
import { type Case, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

function reduction(
  fn: ReduceFunction,
  dtype: "float32" | "int32" | "int64",
  shape: readonly number[],
  axes: readonly number[],
): Case {
  const recipe =
    dtype !== "float32"
      ? { min: -3, max: 3 }
      : fn === "prod"
        ? { min: 0.75, max: 1.25 }
        : { min: 0.25, max: 4 };
  return defineCase(
    `${fn} of ${dtype} ${shape.join("x")} over ${axes.join(" and ")}`,
    { op: "reduce", inputs: [{ dtype, shape }], attributes: { function: fn, axes, keepDims: false } },
    { inputs: [recipe] },
  );
}

const integerFunctions = ["sum", "max", "min", "prod", "l1", "sumSquare"] as const;

function everywhere(fn: ReduceFunction, dtype: "float32" | "int32" | "int64"): Case[] {
  return [
    ...[1, 3, 4, 17, 37].map((length) => reduction(fn, dtype, [5, length], [1])),
    ...[1, 3, 4, 17, 37].map((inner) => reduction(fn, dtype, [3, 6, inner], [1])),
    reduction(fn, dtype, [3, 4, 5, 6], [0, 2]),
    reduction(fn, dtype, [3, 4, 5, 6], [1, 3]),
    reduction(fn, dtype, [2, 3, 2, 3, 2], [0, 2, 4]),
  ];
}

describeInPieces([
  ...reduceFunctions.flatMap((fn) => everywhere(fn, "float32")),
  ...integerFunctions.flatMap((fn) => [...everywhere(fn, "int32"), ...everywhere(fn, "int64")]),
]);
