/** Cases of conv2d: every operand combination over kinds of windows, groups and layouts, and the edges. */
import { type Conv2dAttributes, conv2dDepth, type Layout } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { shaped, values } from "./helpers.ts";
import { weightedChoices, weightedData } from "./weighted.ts";

type Geometry = Omit<Conv2dAttributes, "weight" | "output"> & {
  readonly name: string;
  /** Batch, channels, height, width. */
  readonly image: readonly [number, number, number, number];
};

function geometry(
  name: string,
  image: Geometry["image"],
  channels: number,
  kernel: readonly [number, number],
  {
    layout = "nchw",
    groups = 1,
    strides = [1, 1],
    dilations = [1, 1],
    pads = [0, 0, 0, 0],
  }: Partial<Geometry> = {},
): Geometry {
  return {
    name: `${name}-${image.join("x")}to${channels}-${layout}`,
    image,
    channels,
    kernel,
    layout,
    groups,
    strides,
    dilations,
    pads,
  };
}

const layouts: readonly Layout[] = ["nchw", "nhwc"];
const same: Geometry["pads"] = [1, 1, 1, 1];
const geometries: readonly Geometry[] = layouts.flatMap((layout) => [
  geometry("1x1", [1, 1, 1, 1], 1, [1, 1], { layout }),
  geometry("1x1", [1, 3, 4, 5], 5, [1, 1], { layout }),
  geometry("1x1-stride2", [2, 9, 5, 4], 8, [1, 1], { layout, strides: [2, 2] }),
  geometry("1x1-deep", [1, 33, 3, 3], 17, [1, 1], { layout }),
  geometry("3x3", [1, 5, 6, 7], 7, [3, 3], { layout }),
  geometry("3x3-same", [1, 2, 5, 5], 4, [3, 3], { layout, pads: same }),
  geometry("3x3-wide", [1, 16, 4, 9], 32, [3, 3], { layout, pads: same }),
  geometry("3x3-stride2-asymmetric", [1, 3, 7, 8], 8, [3, 3], {
    layout,
    strides: [2, 2],
    pads: [0, 0, 1, 1],
  }),
  geometry("3x3-asymmetric", [1, 3, 4, 4], 2, [3, 3], { layout, pads: [2, 0, 1, 3] }),
  geometry("3x3-dilated", [1, 2, 7, 7], 3, [3, 3], { layout, dilations: [2, 2], pads: [2, 2, 2, 2] }),
  geometry("5x5", [1, 3, 6, 6], 4, [5, 5], { layout, pads: [2, 2, 2, 2] }),
  geometry("1x7", [1, 2, 3, 9], 3, [1, 7], { layout, pads: [0, 3, 0, 3] }),
  geometry("7x1-stride1x2", [1, 2, 9, 3], 3, [7, 1], { layout, strides: [1, 2] }),
  geometry("depthwise3x3", [1, 8, 5, 6], 8, [3, 3], { layout, groups: 8, pads: same }),
  geometry("depthwise3x3-stride2", [2, 9, 6, 5], 9, [3, 3], {
    layout,
    groups: 9,
    strides: [2, 2],
    pads: same,
  }),
  geometry("depthwise-multiplier2", [1, 5, 4, 4], 10, [3, 3], { layout, groups: 5 }),
  geometry("groups2", [1, 8, 4, 4], 6, [3, 3], { layout, groups: 2, pads: same }),
  geometry("groups3-odd", [1, 9, 3, 4], 15, [1, 1], { layout, groups: 3 }),
  geometry("image-smaller-than-window", [1, 3, 2, 1], 4, [3, 3], { layout, pads: same }),
  geometry("windows-in-padding-alone", [1, 2, 2, 2], 3, [2, 2], { layout, pads: [3, 0, 0, 3] }),
]);

export const conv2d: readonly Case[] = [
  ...weightedChoices("conv2d", geometries).map(
    ({ name, activation, attributes, geometry: { name: _, image, ...window } }) =>
      conv(name, activation, image, { ...attributes, ...window }),
  ),
  ...edges(),
];

function conv(
  name: string,
  activation: DType,
  [n, c, h, w]: Geometry["image"],
  attributes: Conv2dAttributes,
  data?: CaseData,
): Case {
  const shape = attributes.layout === "nchw" ? [n, c, h, w] : [n, h, w, c];
  const inputs = [shaped(activation, ...shape)];
  const spec = { op: "conv2d", inputs, attributes } as const;
  return defineCase(`conv2d/${name}`, spec, data ?? weightedData(activation, attributes, conv2dDepth(spec)));
}

function edges(): Case[] {
  const window = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1, channels: 1 } as const;
  const float = { ...window, weight: { dtype: "float32" }, output: "float32" } as const;
  const int8 = { dtype: "int8", granularity: { kind: "channel" } } as const;
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  return layouts.flatMap((layout) => [
    conv(
      `float/by-hand/${layout}`,
      "float32",
      [1, 1, 3, 3],
      { ...float, layout, kernel: [2, 2] },
      {
        inputs: [values(1, 2, 3, 4, 5, 6, 7, 8, 9)],
        weights: { weight: values(1, 0, 0, -1) },
        expected: [[-4, -4, -4, -4]],
      },
    ),
    // Two groups: channels are not mixed. As nchw the image is [[1, 2], [3, 4]], as nhwc [[1, 3], [2, 4]].
    conv(
      `float/by-hand/groups/${layout}`,
      "float32",
      [1, 2, 1, 2],
      { ...float, layout, kernel: [1, 2], groups: 2, channels: 2 },
      {
        inputs: [values(1, 2, 3, 4)],
        weights: { weight: values(1, 10, 100, 1000) },
        expected: [layout === "nchw" ? [21, 4300] : [31, 4200]],
      },
    ),
    conv(
      `float/nan-and-infinity/${layout}`,
      "float32",
      [1, 1, 1, 5],
      { ...float, layout, kernel: [1, 2] },
      {
        inputs: [values(1, nan, 2, 3, inf)],
        weights: { weight: values(1, 0) },
        expected: [[nan, nan, 2, nan]],
      },
    ),
    conv(
      `float/empty-batch/${layout}`,
      "float32",
      [0, 2, 3, 3],
      { ...float, layout, kernel: [3, 3] },
      { expected: [[]] },
    ),
    // Only the middle of the filter meets the image; the padding adds nothing, whatever the zero points.
    conv(
      `static/padding-adds-nothing/${layout}`,
      "uint8",
      [1, 1, 1, 1],
      {
        ...window,
        layout,
        kernel: [3, 3],
        pads: same,
        weight: { ...int8, zeroPoint: true },
        output: "int32",
      },
      {
        inputs: [values(12)],
        weights: {
          weight: values(9, 9, 9, 9, 5, 9, 9, 9, 9),
          inputZeroPoint: values(10),
          zeroPoint: values(-2),
        },
        expected: [[14]],
      },
    ),
    conv(
      `static/padding-alone-gives-the-bias/${layout}`,
      "int8",
      [1, 1, 1, 1],
      {
        ...window,
        layout,
        kernel: [1, 1],
        pads: [0, 1, 0, 1],
        channels: 2,
        weight: int8,
        output: "int8",
        bias: "int32",
      },
      {
        inputs: [values(-128)],
        weights: {
          weight: values(-128, 127),
          bias: values(6, -6),
          scale: values(0.5, 0.25),
          inputScale: values(0.5),
          inputZeroPoint: values(0),
          outputScale: values(1),
          outputZeroPoint: values(1),
        },
        // Multipliers 0.25 and 0.125: 6 and -6 are 1.5 and -0.75; the image's 16390 and -16262 saturate.
        expected: [layout === "nchw" ? [3, 127, 3, 0, -128, 0] : [3, 0, 127, -128, 3, 0]],
      },
    ),
    conv(
      `static/extremes/${layout}`,
      "int8",
      [1, 3, 3, 3],
      { ...window, layout, kernel: [3, 3], weight: { ...int8, zeroPoint: true }, output: "int32" },
      {
        inputs: [values(-128)],
        weights: { weight: values(-128), inputZeroPoint: values(127), zeroPoint: values(127) },
        expected: [[27 * 255 * 255]],
      },
    ),
    conv(
      `weight-only/blocks-across-filter-rows/${layout}`,
      "float32",
      [1, 2, 2, 2],
      {
        ...window,
        layout,
        kernel: [2, 2],
        weight: { dtype: "uint4", granularity: { kind: "block", size: 3 }, zeroPoint: true },
        output: "float32",
      },
      {
        inputs: [values(1)],
        // Eight ones times codes 0 to 7 less zero points 0, 1, 2, in blocks of 3, 3 and 2.
        weights: {
          weight: values(0, 1, 2, 3, 4, 5, 6, 7),
          zeroPoint: values(0, 1, 2),
          scale: values(1, 10, 100),
        },
        expected: [[3 + 90 + 900]],
      },
    ),
    conv(
      `dynamic/uint8-tensor/by-hand/${layout}`,
      "float32",
      [1, 1, 2, 2],
      {
        ...window,
        layout,
        kernel: [1, 1],
        pads: same,
        weight: int8,
        output: "float32",
        dynamic: { dtype: "uint8", granularity: "tensor" },
      },
      {
        inputs: [values(-1, 0.5, 1.5, 254)],
        weights: { weight: values(2), scale: values(0.5) },
        expected: [[0, 0, 0, 0, 0, -1, 0, 0, 0, 2, 254, 0, 0, 0, 0, 0]],
      },
    ),
  ]);
}
