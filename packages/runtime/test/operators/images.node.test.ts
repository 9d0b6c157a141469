/** Sampling, resizing, pooling over regions and padding equal onnxruntime in every mode that it has. */
import { type HostTensor, tensor } from "@bitbudget/core";
import { describe, test } from "vitest";
import { expectLikeOnnxruntime } from "../support/against-onnxruntime.ts";
import type { OneNode } from "../support/one-node.ts";
import { randomFloats } from "../support/random.ts";

/** onnxruntime computes positions and weights in float32. */
const TOLERANCE = 1e-4;
const int64 = (...values: number[]) => tensor("int64", [values.length], values);
const expectEqual = (node: Omit<OneNode, "outputs">) =>
  expectLikeOnnxruntime({ ...node, outputs: ["float32"] }, TOLERANCE);

const image = randomFloats([2, 2, 5, 6], 1, 2);

describe.each(["zeros", "border", "reflection"])("GridSample, %s", (padding_mode) => {
  const cases = ["bilinear", "nearest", "bicubic"].flatMap((mode) =>
    [0n, 1n].map((align) => ({ mode, align })),
  );
  test.each(cases)("$mode, align_corners $align", ({ mode, align }) => {
    const inputs = [image, randomFloats([2, 4, 3, 2], 2, 2.5)];
    return expectEqual({
      opType: "GridSample",
      opset: 16,
      inputs,
      attributes: { mode, padding_mode, align_corners: align },
    });
  });

  test.each(["linear", "nearest"])("a volume, %s", (mode) => {
    const inputs = [randomFloats([1, 2, 3, 4, 5], 3), randomFloats([1, 2, 3, 2, 3], 4, 2)];
    return expectEqual({ opType: "GridSample", opset: 20, inputs, attributes: { mode, padding_mode } });
  });
});

describe.each(["nearest", "linear", "cubic"])("Resize, %s", (mode) => {
  const coordinates = [
    "half_pixel",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "half_pixel_symmetric",
  ];
  test.each(coordinates)("%s", (coordinate_transformation_mode) => {
    const inputs = [image, undefined, undefined, int64(2, 2, 3, 13)];
    return expectEqual({
      opType: "Resize",
      opset: 19,
      inputs,
      constants: [3],
      attributes: { mode, coordinate_transformation_mode },
    });
  });

  test("scales that leave a fraction", () => {
    const inputs = [image, undefined, tensor("float32", [4], [1, 1, 0.5, 1.7])];
    return expectEqual({ opType: "Resize", opset: 13, inputs, constants: [2], attributes: { mode } });
  });
});

test.each(["linear", "cubic"])("Resize with antialiasing, %s", (mode) => {
  const inputs = [image, undefined, undefined, int64(2, 2, 2, 4)];
  return expectEqual({
    opType: "Resize",
    opset: 19,
    inputs,
    constants: [3],
    attributes: { mode, antialias: 1n },
  });
});

test.each([
  { mode: "avg", opset: 10, coordinates: undefined, ratio: 0n },
  { mode: "avg", opset: 16, coordinates: "half_pixel", ratio: 2n },
  { mode: "avg", opset: 16, coordinates: "output_half_pixel", ratio: 0n },
  { mode: "max", opset: 10, coordinates: undefined, ratio: 1n },
  { mode: "max", opset: 16, coordinates: "half_pixel", ratio: 1n },
])("RoiAlign, $mode, opset $opset, $coordinates, $ratio samples", ({ mode, opset, coordinates, ratio }) => {
  const rois = tensor("float32", [3, 4], [0, 0, 8, 6, 1.3, 2.1, 9, 9.7, -2, 3, 4, 30]);
  const common = { mode, output_height: 2n, output_width: 3n, sampling_ratio: ratio, spatial_scale: 0.5 };
  const attributes =
    coordinates === undefined ? common : { ...common, coordinate_transformation_mode: coordinates };
  return expectEqual({ opType: "RoiAlign", opset, inputs: [image, rois, int64(1, 0, 1)], attributes });
});

test("MaxRoiPool", () => {
  const rois = tensor("float32", [3, 5], [0, 0, 0, 5, 4, 1, 2, 1, 9, 9, 1, 3, 3, 3, 3]);
  const attributes = { pooled_shape: [2n, 3n], spatial_scale: 0.75 };
  return expectEqual({ opType: "MaxRoiPool", opset: 11, inputs: [image, rois], attributes });
});

describe.each(["constant", "reflect", "edge", "wrap"])("Pad, %s", (mode) => {
  test.each([
    { pads: [0, 0, 1, 2, 0, 1, 3, 0] },
    { pads: [0, 0, 4, 5, 0, 0, 2, 3] },
    { pads: [0, 0, -1, 2, 0, 0, 1, -2] },
  ])("$pads", ({ pads }) =>
    expectEqual({ opType: "Pad", opset: 19, inputs: [image, int64(...pads)], attributes: { mode } }),
  );
});

test("Col2Im", () => {
  const inputs = [randomFloats([2, 12, 9], 5), int64(6, 7), int64(2, 3)];
  const attributes = { strides: [2n, 2n], dilations: [1n, 2n], pads: [1n, 0n, 0n, 2n] };
  return expectEqual({ opType: "Col2Im", opset: 18, inputs, attributes });
});

test.each([0n, 1n])("AffineGrid, align_corners %i", (align_corners) => {
  const theta: HostTensor = randomFloats([2, 3, 4], 6);
  return expectEqual({
    opType: "AffineGrid",
    opset: 20,
    inputs: [theta, int64(2, 1, 3, 2, 4)],
    attributes: { align_corners },
  });
});
