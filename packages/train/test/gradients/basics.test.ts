/** Gradients of arithmetic, functions, products, reductions and shapes against central differences. */
import { tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { describe, test } from "vitest";
import { checkGradients, type GradientCase, numbers } from "./finite-differences.ts";

const unary = (opType: string, attributes = {}): GradientCase => ({
  nodes: [makeNode(opType, ["x"], ["y"], { attributes })],
  variables: { x: numbers([3, 4]) },
});

const binary = (opType: string, a: readonly number[], b: readonly number[]): GradientCase => ({
  nodes: [makeNode(opType, ["a", "b"], ["y"])],
  variables: { a: numbers(a, 1), b: numbers(b, 2) },
});

const positive = (shape: readonly number[], seed: number) => {
  const { data } = numbers(shape, seed);
  return tensor(
    "float64",
    shape,
    Float64Array.from(data, (x) => 0.3 + Math.abs(x)),
  );
};

const cases: Record<string, GradientCase> = {
  ...Object.fromEntries(
    ["Neg", "Abs", "Exp", "Sigmoid", "Tanh", "Erf", "Relu", "Sin", "Cos", "Softplus", "LeakyRelu", "Elu"].map(
      (opType) => [opType, unary(opType)],
    ),
  ),
  ...Object.fromEntries(
    ["Log", "Sqrt", "Reciprocal"].map((opType) => [
      opType,
      { ...unary(opType), variables: { x: positive([3, 4], 1) } },
    ]),
  ),
  HardSigmoid: unary("HardSigmoid", { alpha: 0.8, beta: 0.5 }),
  Clip: {
    nodes: [makeNode("Clip", ["x", "low", "high"], ["y"])],
    variables: { x: numbers([3, 5]) },
    constants: { low: tensor("float64", [], [-0.4]), high: tensor("float64", [], [0.6]) },
  },
  "Clip with trained bounds": {
    nodes: [makeNode("Clip", ["x", "low", "high"], ["y"])],
    variables: {
      x: numbers([3, 5]),
      low: tensor("float64", [], [-0.4]),
      high: tensor("float64", [], [0.6]),
    },
  },
  "Clip with a bound": {
    nodes: [makeNode("Clip", ["x", "", "high"], ["y"])],
    variables: { x: numbers([3, 5]), high: tensor("float64", [], [0.1]) },
  },
  "Clip with a minimum above its maximum": {
    nodes: [makeNode("Clip", ["x", "low", "high"], ["y"])],
    variables: {
      x: numbers([3, 5]),
      low: tensor("float64", [], [0.4]),
      high: tensor("float64", [], [0.1]),
    },
  },
  "a value that is used twice": {
    nodes: [
      makeNode("Exp", ["x"], ["e"]),
      makeNode("Mul", ["e", "x"], ["p"]),
      makeNode("Add", ["p", "e"], ["y"]),
    ],
    variables: { x: numbers([5]) },
  },
  Add: binary("Add", [2, 3, 4], [3, 1]),
  Sub: binary("Sub", [3, 1], [2, 3, 4]),
  Mul: binary("Mul", [2, 1, 4], [3, 1]),
  "Mul by a scalar": binary("Mul", [2, 3], []),
  Div: { ...binary("Div", [2, 3], [3]), variables: { a: numbers([2, 3]), b: positive([3], 2) } },
  Max: binary("Max", [2, 3], [3]),
  Min: binary("Min", [2, 3], [2, 1]),
  Pow: { ...binary("Pow", [2, 3], [3]), variables: { a: positive([2, 3], 1), b: numbers([3], 2) } },
  "Pow 2": {
    nodes: [makeNode("Pow", ["x", "two"], ["y"])],
    variables: { x: numbers([4]) },
    constants: { two: tensor("float64", [], [2]) },
  },
  "Pow 3": {
    nodes: [makeNode("Pow", ["x", "three"], ["y"])],
    variables: { x: numbers([4]) },
    constants: { three: tensor("float64", [], [3]) },
  },
  Where: {
    nodes: [makeNode("Where", ["c", "a", "b"], ["y"])],
    variables: { a: numbers([2, 3], 1), b: numbers([3], 2) },
    constants: { c: tensor("bool", [2, 1], [1, 0]) },
  },
  "MatMul of matrices": binary("MatMul", [3, 4], [4, 2]),
  "MatMul of a stack by a matrix": binary("MatMul", [2, 3, 4], [4, 2]),
  "MatMul of a matrix by a stack": binary("MatMul", [3, 4], [2, 4, 2]),
  "MatMul of stacks": binary("MatMul", [2, 1, 3, 4], [3, 4, 2]),
  "MatMul of vectors": binary("MatMul", [4], [4]),
  "MatMul of a vector by a matrix": binary("MatMul", [4], [4, 2]),
  "MatMul of a matrix by a vector": binary("MatMul", [3, 4], [4]),
  ...Object.fromEntries(
    [0, 1].flatMap((transA) =>
      [0, 1].map((transB) => [
        `Gemm ${transA}${transB}`,
        {
          nodes: [
            makeNode("Gemm", ["a", "b", "c"], ["y"], {
              attributes: { transA: BigInt(transA), transB: BigInt(transB), alpha: 0.5, beta: 2 },
            }),
          ],
          variables: {
            a: numbers(transA ? [4, 3] : [3, 4], 1),
            b: numbers(transB ? [2, 4] : [4, 2], 2),
            c: numbers([2], 3),
          },
        },
      ]),
    ),
  ),
  ...Object.fromEntries(
    ["ReduceSum", "ReduceMean", "ReduceSumSquare", "ReduceL2", "ReduceMax", "ReduceMin"].flatMap((opType) =>
      [0n, 1n].map((keepdims) => [
        `${opType} keepdims ${keepdims}`,
        {
          nodes: [makeNode(opType, ["x", "axes"], ["y"], { attributes: { keepdims } })],
          variables: { x: numbers([2, 3, 2]) },
          constants: { axes: tensor("int64", [2], [0n, -1n]) },
        },
      ]),
    ),
  ),
  "ReduceSum of everything": unary("ReduceSum", { keepdims: 0n }),
  Reshape: {
    nodes: [makeNode("Reshape", ["x", "shape"], ["r"]), makeNode("Exp", ["r"], ["y"])],
    variables: { x: numbers([2, 6]) },
    constants: { shape: tensor("int64", [3], [3n, -1n, 2n]) },
  },
  "Flatten, Unsqueeze and Squeeze": {
    nodes: [
      makeNode("Flatten", ["x"], ["f"], { attributes: { axis: 2n } }),
      makeNode("Unsqueeze", ["f", "axes"], ["u"]),
      makeNode("Exp", ["u"], ["e"]),
      makeNode("Squeeze", ["e", "axes"], ["y"]),
    ],
    variables: { x: numbers([2, 3, 2]) },
    constants: { axes: tensor("int64", [2], [0n, 2n]) },
  },
  Transpose: {
    nodes: [
      makeNode("Transpose", ["x"], ["t"], { attributes: { perm: [2n, 0n, 1n] } }),
      makeNode("Exp", ["t"], ["y"]),
    ],
    variables: { x: numbers([2, 3, 4]) },
  },
  Expand: {
    nodes: [makeNode("Expand", ["x", "shape"], ["y"])],
    variables: { x: numbers([3, 1]) },
    constants: { shape: tensor("int64", [3], [2n, 1n, 4n]) },
  },
};

describe("gradients against central differences", () => {
  for (const [name, each] of Object.entries(cases)) test(name, () => checkGradients(each));
});
