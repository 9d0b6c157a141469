/** Windows over images, and shapes that broadcast. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  broadcastShapes,
  broadcastStrides,
  imageLayout,
  imageShape,
  type KernelSpec,
  mergeAxes,
  type Pool2dAttributes,
  padSources,
  SpecError,
  windowCount,
  windowOutput,
} from "../src/index.ts";

const binary: KernelSpec<"binary"> = { op: "binary", inputs: [], attributes: { function: "add" } };

describe("windowCount", () => {
  test.each([
    // length, kernel, stride, dilation, pads, ceil; count
    [5, 3, 1, 1, 0, 0, false, 3],
    [5, 3, 2, 1, 0, 0, false, 2],
    [5, 3, 1, 1, 1, 1, false, 5],
    [6, 3, 2, 1, 0, 0, false, 2],
    [6, 3, 2, 1, 0, 0, true, 3],
    // A dilated window of 3 spans 5.
    [7, 3, 1, 2, 0, 0, false, 3],
    [4, 3, 1, 2, 0, 0, false, 0],
    [2, 5, 1, 1, 4, 4, false, 6],
    // ONNX MaxPool: a last window that would start in the padding at the end is left out.
    [2, 1, 2, 1, 0, 0, true, 1],
    [3, 1, 2, 1, 0, 1, true, 2],
    [4, 2, 3, 1, 0, 0, true, 2],
    [4, 1, 4, 1, 0, 0, true, 1],
    [4, 2, 4, 1, 0, 2, true, 1],
  ] as const)("%i, window %i, stride %i, dilation %i, pads %i and %i, ceil %s: %i", (...args) => {
    const [length, kernel, stride, dilation, begin, end, ceil, count] = args;
    expect(windowCount(length, kernel, stride, dilation, begin, end, ceil)).toBe(count);
  });

  test("is the number of positions at which a window fits", () => {
    const size = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        size,
        fc.nat(4),
        fc.nat(4),
        (length, kernel, stride, dilation, begin, end) => {
          let fitting = 0;
          for (let at = 0; at + (kernel - 1) * dilation < length + begin + end; at += stride) fitting++;
          expect(Math.max(0, windowCount(length, kernel, stride, dilation, begin, end))).toBe(fitting);
        },
      ),
      { seed: 5 },
    );
  });
});

describe("image layouts", () => {
  test("sizes and strides, whichever comes first", () => {
    const sizes = { batch: 2, channels: 3, height: 4, width: 5 };
    expect(imageLayout([2, 3, 4, 5], "nchw")).toEqual({
      ...sizes,
      batchStride: 60,
      channelStride: 20,
      rowStride: 5,
      columnStride: 1,
    });
    expect(imageLayout([2, 4, 5, 3], "nhwc")).toEqual({
      ...sizes,
      batchStride: 60,
      channelStride: 1,
      rowStride: 15,
      columnStride: 3,
    });
    expect(imageShape(sizes, "nchw")).toEqual([2, 3, 4, 5]);
    expect(imageShape(sizes, "nhwc")).toEqual([2, 4, 5, 3]);
  });
});

describe("windowOutput", () => {
  const spec = (
    shape: readonly number[],
    attributes: Partial<Pool2dAttributes> = {},
  ): KernelSpec<"pool2d"> => ({
    op: "pool2d",
    inputs: [{ dtype: "float32", shape }],
    attributes: {
      kind: "max",
      layout: "nchw",
      kernel: [3, 2],
      strides: [2, 1],
      dilations: [1, 2],
      pads: [1, 0, 0, 1],
      ...attributes,
    },
  });
  const output = (of: KernelSpec<"pool2d">) => windowOutput(of, of.inputs[0]!, of.attributes.ceil);

  test("height and width", () => {
    expect(output(spec([1, 8, 6, 7]))).toMatchObject({ height: 3, width: 6 });
    expect(output(spec([1, 6, 7, 8], { layout: "nhwc" }))).toMatchObject({ height: 3, width: 6 });
    expect(output(spec([1, 8, 7, 7], { ceil: true }))).toMatchObject({ height: 4, width: 6 });
  });

  test.each([
    [[1, 8, 6], {}, "inputs[0].shape"],
    [[1, 8, 6, 7], { kernel: [0, 1] }, "attributes.kernel"],
    [[1, 8, 6, 7], { kernel: [3, 1.5] }, "attributes.kernel"],
    [[1, 8, 6, 7], { strides: [1, 0] }, "attributes.strides"],
    [[1, 8, 6, 7], { dilations: [-1, 1] }, "attributes.dilations"],
    [[1, 8, 6, 7], { pads: [0, 0, -1, 0] }, "attributes.pads"],
    [[1, 8, 6, 7], { kernel: [8, 1] }, "attributes.kernel"],
    [[1, 8, 0, 7], {}, "attributes.kernel"],
  ] as const)("%j with %j fails at %s", (shape, attributes, field) => {
    expect(() => output(spec(shape, attributes))).toThrow(expect.objectContaining({ field }));
    expect(() => output(spec(shape, attributes))).toThrow(SpecError);
  });
});

describe("broadcasting", () => {
  test.each([
    [
      [[2, 3], [3]],
      [2, 3],
    ],
    [
      [
        [2, 1],
        [1, 3],
      ],
      [2, 3],
    ],
    [[[], [4]], [4]],
    [[[], []], []],
    [[[5, 1, 1], [1, 3], [2]], undefined],
    [[[2, 3], [2]], undefined],
    [[[0], [1]], [0]],
    [
      [[3, 1], [0]],
      [3, 0],
    ],
    [[[0], [2]], undefined],
  ])("%j becomes %j", (shapes, expected) => {
    if (expected === undefined) expect(() => broadcastShapes(binary, ...shapes)).toThrow(SpecError);
    else expect(broadcastShapes(binary, ...shapes)).toEqual(expected);
  });

  test("three shapes at once", () => {
    expect(broadcastShapes(binary, [5, 1, 1], [1, 3, 1], [2])).toEqual([5, 3, 2]);
  });

  test("repeated axes have stride 0", () => {
    expect(broadcastStrides([2, 3], [2, 3])).toEqual([3, 1]);
    expect(broadcastStrides([3], [2, 3])).toEqual([0, 1]);
    expect(broadcastStrides([2, 1], [4, 2, 3])).toEqual([0, 1, 0]);
    expect(broadcastStrides([5, 1, 4], [5, 2, 4])).toEqual([4, 0, 1]);
    expect(broadcastStrides([], [2, 2])).toEqual([0, 0]);
  });
});

describe("padSources", () => {
  test.each([
    // Those of numpy.pad, with -1 for the constant.
    [3, [2, 1], "constant", [-1, -1, 0, 1, 2, -1]],
    [3, [2, 1], "edge", [0, 0, 0, 1, 2, 2]],
    [3, [4, 3], "reflect", [0, 1, 2, 1, 0, 1, 2, 1, 0, 1]],
    [3, [4, 3], "wrap", [2, 0, 1, 2, 0, 1, 2, 0, 1, 2]],
    // The axis is cut first.
    [4, [-1, 2], "constant", [1, 2, 3, -1, -1]],
    [4, [-1, 2], "edge", [1, 2, 3, 3, 3]],
    [4, [-1, 2], "reflect", [1, 2, 3, 2, 1]],
    [4, [2, -2], "wrap", [0, 1, 0, 1]],
    [1, [1, 1], "wrap", [0, 0, 0]],
    [0, [1, 1], "constant", [-1, -1]],
    [2, [-1, -1], "edge", []],
  ] as const)("%i elements, pads %j, %s", (length, pads, mode, expected) => {
    expect(padSources(length, pads, mode)).toEqual(expected);
  });
});

describe("mergeAxes", () => {
  test("walks contiguous arrays along one axis", () => {
    expect(mergeAxes([2, 1, 3], [[3, 3, 1]])).toEqual([{ length: 6, steps: [1] }]);
    expect(mergeAxes([], [[]])).toEqual([]);
  });

  test("keeps apart what one of the arrays repeats", () => {
    const repeated = broadcastStrides([3], [2, 2, 3]);
    expect(mergeAxes([2, 2, 3], [[6, 3, 1], repeated])).toEqual([
      { length: 4, steps: [3, 0] },
      { length: 3, steps: [1, 1] },
    ]);
  });
});
