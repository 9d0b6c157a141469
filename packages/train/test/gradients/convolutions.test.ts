/** Gradients of convolutions against central differences. */
import { makeNode } from "@bitbudget/onnx";
import { describe, test } from "vitest";
import { checkGradients, type GradientCase, numbers } from "./finite-differences.ts";

type Attributes = NonNullable<Parameters<typeof makeNode>[3]>["attributes"];

/** A node of an image, a filter and a bias. */
function convolution(
  opType: "Conv" | "ConvTranspose",
  x: readonly number[],
  w: readonly number[],
  attributes: Attributes = {},
  bias?: number,
): GradientCase {
  const names = bias === undefined ? ["x", "w"] : ["x", "w", "b"];
  return {
    nodes: [makeNode(opType, names, ["y"], { attributes: attributes ?? {} })],
    variables: { x: numbers(x, 1), w: numbers(w, 2), ...(bias && { b: numbers([bias], 3) }) },
  };
}

const cases: Record<string, GradientCase> = {
  "Conv with a bias": convolution("Conv", [2, 2, 4, 3], [3, 2, 2, 2], {}, 3),
  "Conv 1x1": convolution("Conv", [2, 3, 2, 3], [4, 3, 1, 1]),
  "Conv with pads of all four sides": convolution("Conv", [1, 2, 4, 3], [2, 2, 3, 3], {
    pads: [1n, 0n, 2n, 1n],
  }),
  "Conv with strides that leave a rest": convolution("Conv", [1, 2, 6, 5], [2, 2, 3, 2], {
    strides: [2n, 3n],
    pads: [1n, 1n, 0n, 0n],
  }),
  "Conv with dilations": convolution("Conv", [1, 1, 6, 5], [2, 1, 2, 2], {
    dilations: [3n, 2n],
    pads: [1n, 1n, 1n, 1n],
  }),
  "Conv in groups": convolution("Conv", [2, 4, 3, 3], [6, 2, 2, 2], { group: 2n }, 6),
  "Conv, depthwise": convolution(
    "Conv",
    [2, 3, 4, 4],
    [3, 1, 3, 3],
    { group: 3n, strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] },
    3,
  ),
  "Conv, depthwise with a multiplier": convolution("Conv", [1, 2, 3, 3], [4, 1, 2, 2], { group: 2n }),
  "Conv SAME_UPPER": convolution("Conv", [1, 2, 5, 4], [2, 2, 2, 3], {
    auto_pad: "SAME_UPPER",
    strides: [2n, 2n],
  }),
  "Conv SAME_LOWER": convolution("Conv", [1, 2, 4, 4], [2, 2, 2, 2], { auto_pad: "SAME_LOWER" }),
  "Conv VALID": convolution("Conv", [1, 2, 4, 4], [2, 2, 2, 2], { auto_pad: "VALID" }),
  "Conv of one axis": convolution(
    "Conv",
    [2, 4, 6],
    [4, 2, 3],
    { group: 2n, strides: [2n], dilations: [2n], pads: [2n, 1n] },
    4,
  ),
  "Conv, causal": convolution("Conv", [1, 2, 5], [2, 2, 3], { pads: [2n, 0n] }),
  ConvTranspose: convolution("ConvTranspose", [2, 2, 3, 2], [2, 3, 2, 2], {}, 3),
  "ConvTranspose with strides and output_padding": convolution("ConvTranspose", [1, 2, 3, 2], [2, 2, 3, 2], {
    strides: [2n, 3n],
    pads: [1n, 0n, 1n, 1n],
    output_padding: [1n, 2n],
  }),
  "ConvTranspose in groups": convolution("ConvTranspose", [1, 4, 2, 3], [4, 3, 2, 2], { group: 2n }),
  "ConvTranspose with dilations": convolution("ConvTranspose", [1, 1, 3, 3], [1, 2, 2, 2], {
    dilations: [2n, 2n],
  }),
  "ConvTranspose with an output_shape": convolution("ConvTranspose", [1, 1, 3, 3], [1, 2, 3, 3], {
    strides: [2n, 2n],
    output_shape: [6n, 5n],
  }),
  "ConvTranspose SAME_UPPER": convolution("ConvTranspose", [1, 2, 3, 3], [2, 2, 3, 3], {
    strides: [2n, 2n],
    auto_pad: "SAME_UPPER",
  }),
  "ConvTranspose of one axis": convolution("ConvTranspose", [2, 2, 4], [2, 2, 3], {
    strides: [2n],
    pads: [1n, 0n],
  }),
};

describe("gradients of convolutions against central differences", () => {
  for (const [name, each] of Object.entries(cases)) test(name, () => checkGradients(each));
});
