/** Gradients of operators that cut, join, repeat, pick and resample against central differences. */
import { tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { describe, test } from "vitest";
import { checkGradients, type GradientCase, numbers } from "./finite-differences.ts";

const ints = (...values: readonly number[]) =>
  tensor("int64", [values.length], BigInt64Array.from(values, BigInt));

/** A node of a variable and constants, which have names of their own. */
function moved(
  opType: string,
  shape: readonly number[],
  constants: NonNullable<GradientCase["constants"]>,
  attributes = {},
): GradientCase {
  return {
    nodes: [makeNode(opType, ["x", ...Object.keys(constants)], ["y"], { attributes })],
    variables: { x: numbers(shape) },
    constants,
  };
}

const slice = (shape: readonly number[], starts: number[], ends: number[], axes: number[], steps: number[]) =>
  moved("Slice", shape, {
    starts: ints(...starts),
    ends: ints(...ends),
    axes: ints(...axes),
    steps: ints(...steps),
  });

function pad(mode: string, pads: readonly number[]): GradientCase {
  return {
    nodes: [makeNode("Pad", ["x", "pads", "", "axes"], ["y"], { attributes: { mode } })],
    variables: { x: numbers([4, 2, 3]) },
    constants: { pads: ints(...pads), axes: ints(0, -1) },
  };
}

function resize(
  attributes: Record<string, string | bigint | number>,
  given: "scales" | "sizes",
): GradientCase {
  const names = given === "scales" ? ["x", "", "scales"] : ["x", "", "", "sizes"];
  return {
    nodes: [makeNode("Resize", names, ["y"], { attributes })],
    variables: { x: numbers([1, 2, 3, 4]) },
    constants:
      given === "scales" ? { scales: tensor("float32", [4], [1, 1, 2, 1.7]) } : { sizes: ints(1, 2, 5, 3) },
  };
}

const cases: Record<string, GradientCase> = {
  Concat: {
    nodes: [makeNode("Concat", ["a", "b", "a"], ["y"], { attributes: { axis: -2n } })],
    variables: { a: numbers([2, 3, 2], 1), b: numbers([2, 1, 2], 2) },
  },
  "Concat with a constant": {
    nodes: [makeNode("Concat", ["c", "a"], ["y"], { attributes: { axis: 1n } })],
    variables: { a: numbers([2, 2], 1) },
    constants: { c: numbers([2, 3], 2) },
  },
  Split: {
    nodes: [
      makeNode("Split", ["x", "sizes"], ["a", "b", "c"], { attributes: { axis: 1n } }),
      makeNode("Exp", ["c"], ["e"]),
      makeNode("Mul", ["a", "e"], ["y"]),
    ],
    variables: { x: numbers([2, 5]) },
    constants: { sizes: ints(1, 2, 2) },
  },
  "Slice of positions": slice([4, 5], [1, -3], [3, 100], [0, -1], [1, 1]),
  "Slice with steps": slice([7, 2, 5], [1, 0], [7, 4], [0, 2], [3, 2]),
  "Slice backwards": slice([5, 4], [-1, 100], [-100, 0], [0, 1], [-2, -1]),
  "Slice by Constant nodes": {
    nodes: [
      makeNode("Constant", [], ["from"], { attributes: { value_ints: [-2n] } }),
      makeNode("Constant", [], ["to"], { attributes: { value_ints: [100n] } }),
      makeNode("Slice", ["x", "from", "to"], ["y"]),
    ],
    variables: { x: numbers([4, 2]) },
  },
  "Slice without axes": moved("Slice", [4, 3], { starts: ints(1), ends: ints(3) }),
  "Pad with zeros": pad("constant", [1, 2, 0, 1]),
  "Pad that cuts off": pad("constant", [-1, 2, 1, -1]),
  "Pad reflect": pad("reflect", [2, 1, 3, 2]),
  "Pad edge": pad("edge", [2, 0, 1, 3]),
  "Pad wrap": pad("wrap", [1, 2, 2, 0]),
  Tile: moved("Tile", [2, 1, 3], { repeats: ints(2, 3, 1) }),
  Gather: moved("Gather", [4, 3], { indices: tensor("int64", [2, 3], [1n, 3n, 1n, -1n, 0n, 1n]) }),
  "Gather of the last axis": moved("Gather", [2, 4], { indices: ints(3, 0, 3) }, { axis: -1n }),
  "Gather of one": moved("Gather", [2, 4], { index: tensor("int64", [], [2n]) }, { axis: 1n }),
  GatherElements: moved(
    "GatherElements",
    [3, 2],
    { indices: tensor("int64", [3, 2], [0n, 0n, 2n, 0n, 0n, -1n]) },
    { axis: 0n },
  ),
  GatherND: moved("GatherND", [2, 3, 2], { indices: tensor("int64", [3, 2], [0n, 2n, 1n, 0n, 0n, 2n]) }),
  TopK: {
    nodes: [makeNode("TopK", ["x", "k"], ["y", "indices"], { attributes: { axis: 0n } })],
    variables: { x: numbers([4, 3]) },
    constants: { k: ints(2) },
    output: "y",
  },
  CumSum: moved("CumSum", [3, 4], { axis: tensor("int64", [], [1n]) }),
  "CumSum, exclusive and from the end": moved(
    "CumSum",
    [3, 4],
    { axis: tensor("int64", [], [0n]) },
    { exclusive: 1n, reverse: 1n },
  ),
  "Cast through float16": {
    nodes: [
      makeNode("Cast", ["x"], ["half"], { attributes: { to: 10n } }),
      makeNode("Mul", ["half", "half"], ["square"]),
      makeNode("CastLike", ["square", "x"], ["y"]),
    ],
    variables: { x: numbers([3, 4]) },
    // A step that is long beside the rounding of float16.
    step: 0.25,
    tolerance: 0.01,
  },
  "DepthToSpace DCR": moved("DepthToSpace", [2, 8, 2, 3], {}, { blocksize: 2n }),
  "DepthToSpace CRD": moved("DepthToSpace", [1, 8, 2, 3], {}, { blocksize: 2n, mode: "CRD" }),
  SpaceToDepth: moved("SpaceToDepth", [1, 2, 4, 6], {}, { blocksize: 2n }),
  Trilu: moved("Trilu", [2, 3, 4], { k: tensor("int64", [], [1n]) }, { upper: 0n }),
  "Trilu without k": moved("Trilu", [3, 4], {}),
  "Resize nearest by scales": resize({ mode: "nearest" }, "scales"),
  "Resize nearest to sizes": resize(
    { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    "sizes",
  ),
  "Resize linear by scales": resize({ mode: "linear" }, "scales"),
  "Resize linear to sizes": resize(
    { mode: "linear", coordinate_transformation_mode: "align_corners" },
    "sizes",
  ),
  "Resize cubic": resize({ mode: "cubic", cubic_coeff_a: -0.5 }, "scales"),
  "Resize with antialias": resize({ mode: "linear", antialias: 1n }, "sizes"),
  "Einsum of matrices": {
    nodes: [makeNode("Einsum", ["a", "b"], ["y"], { attributes: { equation: "bij, bkj -> bik" } })],
    variables: { a: numbers([2, 3, 2], 1), b: numbers([2, 2, 2], 2) },
  },
  "Einsum that sums an axis by itself": {
    nodes: [makeNode("Einsum", ["a", "b"], ["y"], { attributes: { equation: "ijk,jl->li" } })],
    variables: { a: numbers([2, 3, 2], 1), b: numbers([3, 2], 2) },
  },
  "Einsum that broadcasts": {
    nodes: [makeNode("Einsum", ["a", "b"], ["y"], { attributes: { equation: "ij,ij->ij" } })],
    variables: { a: numbers([3, 1], 1), b: numbers([3, 2], 2) },
  },
  "Einsum of three without an arrow": {
    nodes: [makeNode("Einsum", ["a", "b", "c"], ["y"], { attributes: { equation: "ij,jk,kl" } })],
    variables: { a: numbers([2, 3], 1), b: numbers([3, 2], 2), c: numbers([2, 2], 3) },
  },
};

describe("gradients of moves against central differences", () => {
  for (const [name, each] of Object.entries(cases)) test(name, () => checkGradients(each));
});
