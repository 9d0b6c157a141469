/** conv2d: cases worked by hand, and direct loops over every kind of window as a second opinion. */
import {
  type Conv2dAttributes,
  type KernelSpec,
  type Layout,
  type Weights,
  windowCount,
} from "@bitbudget/backend";
import { type DType, type HostTensor, scalar, tensor, valuesOf } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { numbers, run } from "./run.ts";
import { transpose } from "./tensors.ts";

function conv2d(
  dtype: DType,
  shape: readonly number[],
  attributes: Partial<Conv2dAttributes>,
): KernelSpec<"conv2d"> {
  return {
    op: "conv2d",
    inputs: [{ dtype, shape }],
    attributes: {
      layout: "nchw",
      channels: 1,
      groups: 1,
      kernel: [2, 2],
      strides: [1, 1],
      dilations: [1, 1],
      pads: [0, 0, 0, 0],
      weight: { dtype: "float32" },
      output: "float32",
      ...attributes,
    },
  };
}

const f32 = (shape: readonly number[], values: readonly number[]) => tensor("float32", shape, values);
const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const corners = f32([1, 1, 2, 2], [1, 10, 100, 1000]);

describe("a 2x2 filter on a 3x3 image", () => {
  const on = (attributes: Partial<Conv2dAttributes>) =>
    numbers(conv2d("float32", [1, 1, 3, 3], attributes), [nine], { weight: corners });

  test("slides over it, unflipped", async () => expect(await on({})).toEqual([5421, 6532, 8754, 9865]));

  test("with padding on one side each", async () => {
    expect(await on({ pads: [1, 0, 0, 0] })).toEqual([2100, 3200, 5421, 6532, 8754, 9865]);
    expect(await on({ pads: [0, 1, 0, 0] })).toEqual([4010, 5421, 6532, 7040, 8754, 9865]);
    expect(await on({ pads: [0, 0, 1, 0] })).toEqual([5421, 6532, 8754, 9865, 87, 98]);
    expect(await on({ pads: [0, 0, 0, 1] })).toEqual([5421, 6532, 603, 8754, 9865, 906]);
  });

  test("with strides", async () => {
    expect(await on({ strides: [2, 1] })).toEqual([5421, 6532]);
    expect(await on({ strides: [1, 2], pads: [0, 1, 0, 1] })).toEqual([4010, 6532, 7040, 9865]);
  });

  test("with dilations", async () => {
    expect(await on({ dilations: [2, 2] })).toEqual([9731]);
    expect(await on({ dilations: [1, 2] })).toEqual([6431, 9764]);
  });
});

describe("groups", () => {
  const x = [1, 2, 3, 4, 10, 20, 30, 40];

  test("depthwise, with two filters for each channel", async () => {
    const spec = conv2d("float32", [1, 2, 2, 2], { channels: 4, groups: 2, kernel: [1, 1], bias: "float32" });
    const weights = { weight: f32([4, 1, 1, 1], [1, 2, 3, 4]), bias: f32([4], [0, 0, 0, 0.5]) };
    expect(await numbers(spec, [x], weights)).toEqual([
      1, 2, 3, 4, 2, 4, 6, 8, 30, 60, 90, 120, 40.5, 80.5, 120.5, 160.5,
    ]);
  });

  test("the same with channels last", async () => {
    const spec = conv2d("float32", [1, 2, 2, 2], { layout: "nhwc", channels: 4, groups: 2, kernel: [1, 1] });
    // Pixels (1, 10), (2, 20), (3, 30), (4, 40).
    const pixels = [1, 10, 2, 20, 3, 30, 4, 40];
    expect(await numbers(spec, [pixels], { weight: f32([4, 1, 1, 1], [1, 2, 3, 4]) })).toEqual([
      1, 2, 30, 40, 2, 4, 60, 80, 3, 6, 90, 120, 4, 8, 120, 160,
    ]);
  });
});

test("padding stands for 0, not for the code 0", async () => {
  const spec = conv2d("uint8", [1, 1, 1, 1], {
    kernel: [1, 2],
    pads: [0, 1, 0, 1],
    weight: { dtype: "int8", granularity: { kind: "tensor" } },
    output: "uint8",
    bias: "int32",
  });
  const weights = {
    weight: tensor("int8", [1, 1, 1, 2], [1, 2]),
    scale: scalar("float32", 1),
    bias: tensor("int32", [1], [100]),
    inputScale: scalar("float32", 1),
    inputZeroPoint: scalar("uint8", 128),
    outputScale: scalar("float32", 1),
    outputZeroPoint: scalar("uint8", 3),
  };
  expect(await numbers(spec, [[130]], weights)).toEqual([107, 105]);
});

test("weights in blocks run along the elements of a filter", async () => {
  const spec = conv2d("float32", [1, 2, 2, 2], {
    channels: 1,
    weight: { dtype: "int4", granularity: { kind: "block", size: 3 } },
  });
  const weights = {
    weight: tensor("int4", [1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, -8]),
    scale: f32([1, 3], [1, 10, 100]),
  };
  expect(await numbers(spec, [[1, 1, 1, 1, 1, 1, 1, 1]], weights)).toEqual([6 + 150 - 100]);
});

test("dynamic activations have one scale for the image, and padding stays 0", async () => {
  const spec = conv2d("float32", [1, 1, 1, 3], {
    kernel: [1, 1],
    pads: [1, 0, 0, 0],
    weight: { dtype: "int8", granularity: { kind: "channel" } },
    dynamic: { dtype: "uint8", granularity: "tensor" },
  });
  // From -100 to 155: scale 1, zero point 100.
  expect(
    await numbers(spec, [[-100, 155, 2.5]], {
      weight: tensor("int8", [1, 1, 1, 1], [2]),
      scale: f32([1], [0.5]),
    }),
  ).toEqual([0, 0, 0, -100, 155, 2]);
});

test("empty batches", async () => {
  const spec = conv2d("float32", [0, 1, 3, 3], {});
  expect((await run(spec, [[]], { weight: corners }))[0]?.shape).toEqual([0, 1, 2, 2]);
});

/** The sum over a window as ONNX Conv defines it, on images whose channels come first. */
function direct(x: HostTensor, weight: HostTensor, attributes: Conv2dAttributes): HostTensor {
  const [batch, , height, width] = x.shape as [number, number, number, number];
  const [filters, depth, kh, kw] = weight.shape as [number, number, number, number];
  const { strides, dilations, pads, groups } = attributes;
  const rows = windowCount(height, kh, strides[0], dilations[0], pads[0], pads[2]);
  const columns = windowCount(width, kw, strides[1], dilations[1], pads[1], pads[3]);
  const [image, filter] = [valuesOf(x), valuesOf(weight)];
  const at = (n: number, c: number, h: number, w: number) =>
    h < 0 || w < 0 || h >= height || w >= width
      ? 0
      : image[((n * x.shape[1]! + c) * height + h) * width + w]!;
  const out: number[] = [];
  for (let n = 0; n < batch; n++)
    for (let f = 0; f < filters; f++)
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          let sum = 0;
          for (let c = 0; c < depth; c++)
            for (let i = 0; i < kh; i++)
              for (let j = 0; j < kw; j++) {
                const channel = Math.floor(f / (filters / groups)) * depth + c;
                const h = row * strides[0] + i * dilations[0] - pads[0];
                const w = column * strides[1] + j * dilations[1] - pads[1];
                sum += at(n, channel, h, w) * filter[((f * depth + c) * kh + i) * kw + j]!;
              }
          out.push(sum);
        }
  return tensor("float32", [batch, filters, rows, columns], out);
}

test("every kind of window, in both layouts, as floats and as codes", async () => {
  const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
  const small = fc.integer({ min: -8, max: 7 });
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        layout: fc.constantFrom<Layout>("nchw", "nhwc"),
        kernel: pair(1, 3),
        strides: pair(1, 3),
        dilations: pair(1, 2),
        pads: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
        groups: fc.integer({ min: 1, max: 3 }),
      }),
      fc.record({ batch: fc.integer({ min: 1, max: 2 }), size: pair(5, 7), inputs: pair(1, 2) }),
      fc.infiniteStream(small),
      async (window, { batch, size, inputs: [perGroup, filtersPerGroup] }, stream) => {
        const { groups, layout, kernel } = window;
        const shape = [batch, groups * perGroup, ...size];
        const filters = [groups * filtersPerGroup, perGroup, ...kernel];
        const count = (dimensions: number[]) => dimensions.reduce((product, length) => product * length, 1);
        const x = tensor("float32", shape, [...stream.take(count(shape))]);
        const codes = [...stream.take(count(filters))];
        const perm = layout === "nchw" ? [0, 1, 2, 3] : [0, 2, 3, 1];
        const inputs = transpose(x, perm);
        const attributes = { ...window, channels: filters[0]! };

        const spec = conv2d("float32", inputs.shape, attributes);
        const expected = transpose(direct(x, f32(filters, codes), spec.attributes), perm);
        const exactly = async (of: KernelSpec<"conv2d">, weights: Weights<"conv2d">) => {
          const [y] = await run(of, [Array.from(valuesOf(inputs))], weights);
          expect(y?.shape).toEqual(expected.shape);
          expect(y && Array.from(valuesOf(y), (value) => value + 0)).toEqual(
            Array.from(valuesOf(expected), (value) => value + 0),
          );
        };
        await exactly(spec, { weight: f32(filters, codes) });
        const int4 = { dtype: "int4", granularity: { kind: "tensor" } } as const;
        await exactly(conv2d("float32", inputs.shape, { ...attributes, weight: int4 }), {
          weight: tensor("int4", filters, codes),
          scale: scalar("float32", 1),
        });
        await exactly(
          conv2d("int8", inputs.shape, { ...attributes, weight: { dtype: "int4" }, output: "int32" }),
          {
            weight: tensor("int4", filters, codes),
            inputZeroPoint: scalar("int8", 0),
          },
        );
      },
    ),
    { numRuns: 60, seed: 3 },
  );
});
