/** Convolutions, in both layouts: of codes equal to onnxruntime's bit for bit, of floats within the tolerance. */
import {
  type Conv2dAttributes,
  definitionOf,
  type KernelSpec,
  type Layout,
  type Weights,
} from "@bitbudget/backend";
import { type HostTensor, scalar, tensor, valuesOf } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { expectClose, expectSame } from "./compare.ts";
import { type GoldenCase, goldenCases } from "./golden.ts";
import { run } from "./run.ts";
import { transpose, weightsOf } from "./tensors.ts";

/** Every case of one or two dimensions, once in each layout. */
function named(cases: readonly GoldenCase[], image: string) {
  return cases
    .filter((golden) => golden.input(image).shape.length <= 4)
    .flatMap((golden) => (["nchw", "nhwc"] as const).map((layout) => [golden.name, layout, golden] as const));
}

/** [N, C, W] as [N, C, 1, W]. */
function image({ dtype, shape, data }: HostTensor): HostTensor {
  return { dtype, shape: shape.length === 3 ? [shape[0]!, shape[1]!, 1, shape[2]!] : shape, data };
}

function inLayout(nchw: HostTensor, layout: Layout): HostTensor {
  return layout === "nchw" ? nchw : transpose(nchw, [0, 2, 3, 1]);
}

/** The attributes of an ONNX Conv, those of one dimension as height 1. */
function geometry(golden: GoldenCase, layout: Layout, weight: HostTensor) {
  const pair = (name: string): [number, number] => {
    const [a = 1, b] = golden.list(name) ?? [1, 1];
    return b === undefined ? [1, a] : [a, b];
  };
  const [p0 = 0, p1 = 0, p2, p3] = golden.list("pads") ?? [0, 0, 0, 0];
  const pads: [number, number, number, number] =
    p2 === undefined || p3 === undefined ? [0, p0, 0, p1] : [p0, p1, p2, p3];
  return {
    layout,
    channels: weight.shape[0]!,
    kernel: [weight.shape[2]!, weight.shape[3]!] as const,
    strides: pair("strides"),
    dilations: pair("dilations"),
    pads,
    groups: golden.number("group", 1),
  };
}

async function convolve(
  golden: GoldenCase,
  layout: Layout,
  names: { readonly x: string; readonly w: string },
  rest: Pick<Conv2dAttributes, "output" | "weight" | "bias">,
  weights: Weights<"conv2d">,
): Promise<{ spec: KernelSpec<"conv2d">; y: HostTensor | undefined }> {
  const weight = image(golden.input(names.w));
  const x = inLayout(image(golden.input(names.x)), layout);
  const spec: KernelSpec<"conv2d"> = {
    op: "conv2d",
    inputs: [x],
    attributes: { ...geometry(golden, layout, weight), ...rest },
  };
  const [y] = await run(spec, [x], { ...weights, weight });
  return { spec, y };
}

describe("ConvInteger", () => {
  test.each(named(goldenCases("conv", "ConvInteger"), "x"))("%s, %s", async (_, layout, golden) => {
    const w = golden.input("w");
    const x = golden.input("x");
    const zeroPoint = golden.optional("w_zero_point");
    const weight = { dtype: w.dtype, zeroPoint: zeroPoint !== undefined };
    const { y } = await convolve(
      golden,
      layout,
      { x: "x", w: "w" },
      { weight, output: "int32" },
      {
        inputZeroPoint: golden.optional("x_zero_point") ?? scalar(x.dtype, 0),
        ...(zeroPoint && { zeroPoint }),
      },
    );
    expectSame(y, inLayout(image(golden.output("y")), layout));
  });
});

describe("QLinearConv", () => {
  test.each(named(goldenCases("conv", "QLinearConv"), "x"))("%s, %s", async (_, layout, golden) => {
    const w = golden.input("w");
    const expected = golden.output("y");
    const bias = golden.optional("B");
    const { granularity, tensors } = weightsOf(
      w.shape[0]!,
      golden.input("w_scale"),
      golden.input("w_zero_point"),
    );
    const { y } = await convolve(
      golden,
      layout,
      { x: "x", w: "w" },
      {
        weight: { dtype: w.dtype, granularity, zeroPoint: true },
        output: expected.dtype,
        ...(bias && { bias: "int32" }),
      },
      {
        ...tensors,
        inputScale: golden.input("x_scale"),
        inputZeroPoint: golden.input("x_zero_point"),
        outputScale: golden.input("y_scale"),
        outputZeroPoint: golden.input("y_zero_point"),
        ...(bias && { bias }),
      },
    );
    expectSame(y, inLayout(image(expected), layout));
  });
});

describe("Conv", () => {
  const absolute = (of: HostTensor) => tensor(of.dtype, of.shape, valuesOf(of).map(Math.abs));
  // auto_pad is for the runtime to resolve.
  const cases = goldenCases("float", "Conv").filter(({ name }) => !name.startsWith("auto_pad"));
  test.each(named(cases, "X"))("%s, %s", async (_, layout, golden) => {
    const bias = golden.optional("B");
    const { spec, y } = await convolve(
      golden,
      layout,
      { x: "X", w: "W" },
      { weight: { dtype: "float32" }, output: "float32", ...(bias && { bias: "float32" }) },
      bias ? { bias } : {},
    );
    const weight = absolute(image(golden.input("W")));
    const x = absolute(inLayout(image(golden.input("X")), layout));
    const [magnitudes] = await run(spec, [x], { weight, ...(bias && { bias: absolute(bias) }) });
    expect(magnitudes).toBeDefined();
    const expected = inLayout(image(golden.output("Y")), layout);
    expectClose(y, expected, definitionOf(spec).tolerance(spec), magnitudes && valuesOf(magnitudes));
  });
});
