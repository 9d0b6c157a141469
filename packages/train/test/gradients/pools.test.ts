/** Gradients of pools against central differences. */
import { makeNode } from "@bitbudget/onnx";
import { describe, test } from "vitest";
import { checkGradients, type GradientCase, numbers } from "./finite-differences.ts";

function pool(opType: string, shape: readonly number[], attributes = {}): GradientCase {
  return { nodes: [makeNode(opType, ["x"], ["y"], { attributes })], variables: { x: numbers(shape) } };
}

const overlapping = { kernel_shape: [3n, 2n], strides: [2n, 1n], pads: [1n, 0n, 1n, 1n] };

const cases: Record<string, GradientCase> = {
  MaxPool: pool("MaxPool", [2, 2, 4, 4], { kernel_shape: [2n, 2n], strides: [2n, 2n] }),
  "MaxPool of windows that overlap": pool("MaxPool", [1, 2, 5, 4], overlapping),
  "MaxPool with dilations": pool("MaxPool", [1, 1, 5, 5], { kernel_shape: [2n, 2n], dilations: [2n, 3n] }),
  "MaxPool with ceil_mode": pool("MaxPool", [1, 1, 6, 5], {
    kernel_shape: [3n, 2n],
    strides: [2n, 2n],
    ceil_mode: 1n,
  }),
  "MaxPool SAME_UPPER": pool("MaxPool", [1, 1, 5, 5], {
    kernel_shape: [2n, 3n],
    strides: [2n, 2n],
    auto_pad: "SAME_UPPER",
  }),
  "MaxPool of one axis": pool("MaxPool", [1, 2, 6], { kernel_shape: [3n], strides: [2n], pads: [1n, 1n] }),
  "MaxPool whose indices are read": {
    nodes: [
      makeNode("MaxPool", ["x"], ["m", "indices"], { attributes: { kernel_shape: [2n, 2n] } }),
      makeNode("Cast", ["indices"], ["numbers"], { attributes: { to: 11n } }),
      makeNode("Mul", ["m", "numbers"], ["y"]),
    ],
    variables: { x: numbers([1, 1, 3, 3]) },
  },
  AveragePool: pool("AveragePool", [2, 2, 4, 4], { kernel_shape: [2n, 2n], strides: [2n, 2n] }),
  "AveragePool that leaves out the padding": pool("AveragePool", [1, 2, 5, 4], overlapping),
  "AveragePool that counts the padding": pool("AveragePool", [1, 2, 5, 4], {
    ...overlapping,
    count_include_pad: 1n,
  }),
  "AveragePool with ceil_mode": pool("AveragePool", [1, 1, 6, 5], {
    kernel_shape: [3n, 2n],
    strides: [2n, 2n],
    ceil_mode: 1n,
  }),
  "AveragePool SAME_LOWER": pool("AveragePool", [1, 1, 4, 5], {
    kernel_shape: [2n, 2n],
    strides: [2n, 2n],
    auto_pad: "SAME_LOWER",
  }),
  "AveragePool of one axis": pool("AveragePool", [1, 2, 6], { kernel_shape: [3n], strides: [2n] }),
  GlobalAveragePool: pool("GlobalAveragePool", [2, 3, 2, 4]),
  "GlobalAveragePool of one axis": pool("GlobalAveragePool", [2, 3, 4]),
  "GlobalAveragePool, twice": {
    nodes: [
      makeNode("GlobalAveragePool", ["x"], ["a"]),
      makeNode("GlobalAveragePool", ["x"], ["b"]),
      makeNode("Exp", ["b"], ["e"]),
      makeNode("Mul", ["a", "e"], ["y"]),
    ],
    variables: { x: numbers([2, 3, 2, 2]) },
  },
  GlobalMaxPool: pool("GlobalMaxPool", [2, 3, 2, 4]),
};

describe("gradients of pools against central differences", () => {
  for (const [name, each] of Object.entries(cases)) test(name, () => checkGradients(each));
});
