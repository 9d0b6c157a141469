/** GridSample and AffineGrid: images read at positions that a network computes (Jaderberg et al. 2015). */
import { tensor, valuesOf } from "@bitbudget/core";
import { getInt, getString } from "@bitbudget/onnx";
import { castNumbers } from "../host/arithmetic.ts";
import { type GridSampling, gridSample } from "../host/grid-sample.ts";
import type { Lowering, Operator } from "../operator.ts";
import type { OperatorTable } from "./index.ts";
import { cast } from "./moves.ts";

/** Names up to opset 19 and since. */
const modes: ReadonlyMap<string, GridSampling["mode"]> = new Map([
  ["bilinear", "linear"],
  ["linear", "linear"],
  ["nearest", "nearest"],
  ["bicubic", "cubic"],
  ["cubic", "cubic"],
]);
const paddings = ["zeros", "border", "reflection"] as const;

const gridSampleOperator: Operator = (context) => {
  const [x, grid] = [context.input(0), context.input(1)];
  const { dtype, shape } = x.type;
  const sampling = samplingOf(context);
  const places = grid.type.shape.slice(1, -1);
  const rank = shape.length - 2;
  if (grid.type.shape.at(-1) !== rank || places.length !== rank || grid.type.shape[0] !== shape[0])
    context.fail(`cannot read [${shape.join(", ")}] at a grid of [${grid.type.shape.join(", ")}]`);
  const points = places.reduce((product, length) => product * length, 1);
  const result = [...shape.slice(0, 2), ...places];
  return context.host([{ dtype, shape: result }], [x, grid], ([image, at]) => [
    castNumbers(dtype, result, gridSample(valuesOf(image!), shape, valuesOf(at!), points, sampling)),
  ]);
};

function samplingOf(context: Lowering): GridSampling {
  const { node } = context;
  const mode = getString(node, "mode", "linear");
  const padding = getString(node, "padding_mode", "zeros");
  return {
    mode: modes.get(mode) ?? context.fail(`has no mode ${mode}`),
    padding: paddings.find((each) => each === padding) ?? context.fail(`has no padding_mode ${padding}`),
    alignCorners: getInt(node, "align_corners", 0) !== 0,
  };
}

/** The positions of an image of some size, transformed: a product of matrices with a constant one. */
const affineGrid: Operator = (context) => {
  const theta = context.input(0);
  const [, , ...sizes] = context.integers(1);
  const [batch = 0, rows, columns] = theta.type.shape;
  const rank = sizes.length;
  if (rows !== rank || columns !== rank + 1)
    context.fail(`needs matrices of ${rank} x ${rank + 1}, not [${theta.type.shape.join(", ")}]`);
  const wide = theta.type.dtype === "float64" ? theta : cast(context, theta, "float32");
  const base = homogeneousGrid(sizes, getInt(context.node, "align_corners", 0) !== 0);
  const points = base.length / (rank + 1);
  const grid = context.known(tensor(wide.type.dtype, [1, points, rank + 1], base));
  const spec = {
    op: "matmul",
    inputs: [grid.type, wide.type],
    attributes: { transposeB: true, output: wide.type.dtype },
  } as const;
  const moved = cast(context, context.kernel(spec, [grid, wide]), theta.type.dtype);
  return [context.reshape(moved, [batch, ...sizes, rank])];
};

/** For each position of an image: its coordinates from -1 to 1, the last axis first, and 1. */
function homogeneousGrid(sizes: readonly number[], alignCorners: boolean): number[] {
  const coordinate = (i: number, length: number): number => {
    if (alignCorners) return length > 1 ? (2 * i) / (length - 1) - 1 : 0;
    return (2 * i + 1) / length - 1;
  };
  let rows: number[][] = [[1]];
  for (const length of sizes)
    rows = rows.flatMap((row) => Array.from({ length }, (_, i) => [coordinate(i, length), ...row]));
  return rows.flat();
}

export const sampling: OperatorTable = { GridSample: gridSampleOperator, AffineGrid: affineGrid };
