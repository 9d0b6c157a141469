/** Gradients of activations, softmax and functions of one element against central differences. */
import { tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { describe, test } from "vitest";
import { checkGradients, type GradientCase, numbers } from "./finite-differences.ts";

/** Numbers between -4 and 4, or after `map`. */
function unary(opType: string, attributes = {}, map = (x: number) => 4 * x): GradientCase {
  const { data } = numbers([4, 5]);
  const x = tensor("float64", [4, 5], data.map(map));
  return { nodes: [makeNode(opType, ["x"], ["y"], { attributes })], variables: { x } };
}

const cases: Record<string, GradientCase> = {
  PRelu: {
    nodes: [makeNode("PRelu", ["x", "slope"], ["y"])],
    variables: { x: numbers([2, 3, 2], 1), slope: numbers([3, 1], 2) },
  },
  HardSwish: unary("HardSwish"),
  Mish: unary("Mish"),
  Celu: unary("Celu"),
  "Celu of another alpha": unary("Celu", { alpha: 0.6 }),
  Selu: unary("Selu"),
  "Elu of another alpha": unary("Elu", { alpha: 0.6 }),
  Swish: unary("Swish", { alpha: 0.7 }),
  ThresholdedRelu: unary("ThresholdedRelu", { alpha: 1.5 }),
  Softsign: unary("Softsign"),
  Shrink: unary("Shrink", { lambd: 1.5, bias: 0.5 }),
  Tan: unary("Tan", {}, (x) => x),
  Asin: unary("Asin", {}, (x) => 0.9 * x),
  Acos: unary("Acos", {}, (x) => 0.9 * x),
  Atan: unary("Atan"),
  Sinh: unary("Sinh", {}, (x) => x),
  Cosh: unary("Cosh", {}, (x) => x),
  Asinh: unary("Asinh"),
  Acosh: unary("Acosh", {}, (x) => 1.2 + Math.abs(x)),
  Atanh: unary("Atanh", {}, (x) => 0.8 * x),
  Softmax: unary("Softmax"),
  "Softmax of another axis": unary("Softmax", { axis: 0n }),
  LogSoftmax: unary("LogSoftmax"),
  "LogSoftmax of another axis": unary("LogSoftmax", { axis: -2n }),
  ReduceL1: unary("ReduceL1", { keepdims: 0n }),
  ReduceLogSumExp: unary("ReduceLogSumExp"),
  ReduceLogSum: unary("ReduceLogSum", {}, (x) => 1.2 + x),
  Sum: {
    nodes: [makeNode("Sum", ["a", "b", "a"], ["y"])],
    variables: { a: numbers([2, 3], 1), b: numbers([3], 2) },
  },
  Mean: {
    nodes: [makeNode("Mean", ["a", "b", "c"], ["y"])],
    variables: { a: numbers([2, 3], 1), b: numbers([3], 2), c: numbers([2, 1], 3) },
  },
};

describe("gradients of activations against central differences", () => {
  for (const [name, each] of Object.entries(cases)) test(name, () => checkGradients(each));
});
