/** Operators on images and their regions, where the result can be told by hand or by a law. */
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { type OneNode, runOneNode } from "../support/one-node.ts";
import { randomFloats } from "../support/random.ts";

const int64 = (...values: number[]) => tensor("int64", [values.length], values);

async function run(node: Omit<OneNode, "outputs">): Promise<HostTensor> {
  const { y0 } = await runOneNode({ ...node, outputs: [node.inputs[0]?.dtype ?? "float32"] });
  if (y0 === undefined) throw new Error("there is no result");
  return y0;
}

/** The grid of a transformation of a [1, 1, ...sizes] image. */
function grid(theta: readonly number[], sizes: readonly number[], align: bigint): Promise<HostTensor> {
  const rank = sizes.length;
  const matrix = tensor("float32", [1, rank, rank + 1], theta);
  return run({
    opType: "AffineGrid",
    opset: 20,
    inputs: [matrix, int64(1, 1, ...sizes)],
    attributes: { align_corners: align },
  });
}

describe.each([0n, 1n])("with align_corners %i", (align) => {
  const image = randomFloats([1, 2, 3, 4], 1);
  const modes = ["nearest", "linear", "cubic"].flatMap((mode) =>
    ["zeros", "border", "reflection"].map((padding_mode) => ({ mode, padding_mode })),
  );

  test.each(modes)("the identity grid reads the image itself: %o", async (attributes) => {
    const inputs = [image, await grid([1, 0, 0, 0, 1, 0], [3, 4], align)];
    const y = await run({
      opType: "GridSample",
      opset: 20,
      inputs,
      attributes: { ...attributes, align_corners: align },
    });
    expect(y.shape).toEqual(image.shape);
    for (const [i, value] of valuesOf(image).entries()) expect(valuesOf(y)[i]).toBeCloseTo(value, 5);
  });

  test("a mirrored grid of a volume mirrors it", async () => {
    const volume = tensor("float32", [1, 1, 2, 1, 3], [1, 2, 3, 4, 5, 6]);
    const inputs = [volume, await grid([-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, 0], [2, 1, 3], align)];
    const y = await run({ opType: "GridSample", opset: 20, inputs, attributes: { align_corners: align } });
    for (const [i, value] of [6, 5, 4, 3, 2, 1].entries()) expect(valuesOf(y)[i]).toBeCloseTo(value, 5);
  });
});

test.each([
  { padding_mode: "zeros", expected: [0.5, 0, 0] },
  { padding_mode: "border", expected: [1, 3, 3] },
  { padding_mode: "reflection", expected: [1, 3, 1] },
])("GridSample beyond the edge: $padding_mode", async ({ padding_mode, expected }) => {
  // Elements at -2/3, 0 and 2/3: the edge, one length beyond, two lengths beyond.
  const inputs = [tensor("float32", [1, 1, 3], [1, 2, 3]), tensor("float32", [1, 3, 1], [-1, 4 / 3, 10 / 3])];
  const y = await run({ opType: "GridSample", opset: 20, inputs, attributes: { padding_mode } });
  for (const [i, value] of expected.entries()) expect(valuesOf(y)[i]).toBeCloseTo(value, 5);
});

test("GridSample of integers drops the fraction, and refuses a grid of another rank", async () => {
  const inputs = [tensor("int32", [1, 1, 2], [-3, 0]), tensor("float32", [1, 1, 1], [0])];
  expect(await run({ opType: "GridSample", opset: 20, inputs })).toEqual(tensor("int32", [1, 1, 1], [-1]));
  const flat = [tensor("float32", [1, 1, 2, 2]), tensor("float32", [1, 1, 1])];
  await expect(run({ opType: "GridSample", inputs: flat })).rejects.toThrow(/at a grid of/);
});

test("RoiAlign of a constant image is that constant, whatever the mode", async () => {
  const image = tensor("float32", [1, 1, 4, 4], new Float32Array(16).fill(3));
  const inputs = [image, tensor("float32", [1, 4], [0.5, 1, 3, 2.5]), int64(0)];
  const size = { output_height: 2n, output_width: 3n };
  const expected = tensor("float32", [1, 1, 2, 3], new Float32Array(6).fill(3));
  for (const opset of [10, 16]) {
    const y = await run({ opType: "RoiAlign", opset, inputs, attributes: { ...size, sampling_ratio: 2n } });
    for (const [i, value] of valuesOf(expected).entries()) expect(valuesOf(y)[i]).toBeCloseTo(value, 6);
  }
});

test("MaxRoiPool rounds corners, which both count", async () => {
  const image = tensor("float32", [1, 1, 2, 3], [1, 2, 3, 4, 5, 6]);
  const inputs = [image, tensor("float32", [2, 5], [0, 0, 0, 1.4, 1, 0, 1.5, 0, 9, 0])];
  const y = await run({ opType: "MaxRoiPool", opset: 7, inputs, attributes: { pooled_shape: [1n, 1n] } });
  expect(y).toEqual(tensor("float32", [2, 1, 1, 1], [5, 3]));
});

const boxes = tensor("float32", [1, 3, 4], [0, 0, 1, 1, 1, 1, 0, 0.1, 2, 2, 3, 3]);

test.each([
  { why: "corners in any order", limits: [2, 0.5, undefined], boxes, kept: [1, 2] },
  { why: "nothing without a limit", limits: [undefined, 0.5, undefined], boxes, kept: [] },
  { why: "scores above a bound", limits: [3, 0.5, 0.8], boxes, kept: [1] },
  { why: "overlap that is allowed", limits: [3, 0.95, undefined], boxes, kept: [1, 2, 0] },
  {
    why: "overlap of exactly the bound",
    limits: [3, 0.5, undefined],
    boxes: tensor("float32", [1, 3, 4], [0, 0, 1, 2, 0, 0, 1, 1, 2, 2, 3, 3]),
    kept: [1, 2, 0],
  },
  {
    why: "centres and sizes",
    limits: [3, 0.5, undefined],
    boxes: tensor("float32", [1, 3, 4], [0.5, 0.5, 1, 1, 0.55, 0.5, 0.9, 1, 2.5, 2.5, 1, 1]),
    centered: 1n,
    kept: [1, 2],
  },
])("NonMaxSuppression: $why", async ({ limits: [most, overlap, score], boxes, kept, centered = 0n }) => {
  const scores = tensor("float32", [1, 1, 3], [0.5, 0.9, 0.7]);
  const limits = [
    most === undefined ? undefined : int64(most),
    overlap === undefined ? undefined : tensor("float32", [1], [overlap]),
    score === undefined ? undefined : tensor("float32", [1], [score]),
  ];
  const node = {
    opType: "NonMaxSuppression",
    inputs: [boxes, scores, ...limits],
    attributes: { center_point_box: centered },
  };
  const { y0 } = await runOneNode({ ...node, outputs: ["int64"] });
  expect(y0).toEqual(
    tensor(
      "int64",
      [kept.length, 3],
      kept.flatMap((box) => [0, 0, box]),
    ),
  );
});

test("MaxUnpool puts elements back, into the corner of a larger result", async () => {
  const inputs = [tensor("float32", [1, 1, 1, 2], [7, 8]), tensor("int64", [1, 1, 1, 2], [4, 3])];
  const attributes = { kernel_shape: [2n, 2n], strides: [2n, 2n] };
  const node = { opType: "MaxUnpool", opset: 11, attributes };
  expect(await run({ ...node, inputs })).toEqual(tensor("float32", [1, 1, 2, 4], [0, 0, 0, 8, 7, 0, 0, 0]));
  const larger = await run({ ...node, inputs: [...inputs, int64(1, 1, 2, 5)] });
  expect(larger).toEqual(tensor("float32", [1, 1, 2, 5], [0, 0, 0, 8, 0, 7, 0, 0, 0, 0]));
  await expect(run({ ...node, inputs: [...inputs, int64(1, 1, 1, 5)] })).rejects.toThrow(/does not fit/);
});

test("Col2Im adds up where blocks overlap", async () => {
  const inputs = [
    tensor("int64", [1, 4, 2], [1n, 2n, 3n, 4n, 5n, 6n, 7n, 2n ** 60n]),
    int64(2, 3),
    int64(2, 2),
  ];
  expect(await run({ opType: "Col2Im", inputs })).toEqual(
    tensor("int64", [1, 1, 2, 3], [1n, 5n, 4n, 5n, 13n, 2n ** 60n]),
  );
  await expect(run({ opType: "Col2Im", inputs: [inputs[0], int64(3, 3), int64(2, 2)] })).rejects.toThrow(
    /cannot make/,
  );
});
