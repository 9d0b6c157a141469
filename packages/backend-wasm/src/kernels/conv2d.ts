/** conv2d: the windows of images with their channels last times the filters. Other images are turned first. */
import { imageLayout, imageShape, type KernelSpec, windowOutput } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import type { Context } from "../context.ts";
import { type Run, wasmKernel } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { compileWeighted } from "../weighted/compile.ts";
import { compileDepthwise, isDepthwise } from "../weighted/depthwise.ts";
import { convProduct } from "../weighted/product.ts";
import { dynamicRows, floatRows, refuseWeighted, staticRows } from "../weighted/rows.ts";
import { compileWinograd, isWinograd } from "../weighted/winograd.ts";

export const conv2d = wasmKernel<"conv2d">({
  rows: [...floatRows, ...staticRows, ...dynamicRows(["uint8"])],
  refuse: refuseWeighted,
  compile(context, spec, weights, owned) {
    const last = channelsLast(spec);
    const compile = isDepthwise(last)
      ? compileDepthwise
      : isWinograd(last)
        ? compileWinograd
        : compileWeighted;
    const run = compile(context, last, weights, owned, convProduct(last, owned));
    return last === spec ? run : turned(context, spec, owned, run);
  },
});

/** The same convolution of images with their channels last. */
function channelsLast(spec: KernelSpec<"conv2d">): KernelSpec<"conv2d"> {
  if (spec.attributes.layout === "nhwc") return spec;
  const x = spec.inputs[0]!;
  return {
    ...spec,
    inputs: [{ dtype: x.dtype, shape: imageShape(imageLayout(x.shape, "nchw"), "nhwc") }],
    attributes: { ...spec.attributes, layout: "nhwc" },
  };
}

/** Runs on a turned copy of the input, and turns the result back. */
function turned(context: Context, spec: KernelSpec<"conv2d">, owned: Owned, run: Run): Run {
  const { image, height, width } = windowOutput(spec, spec.inputs[0]!);
  const { channels, output } = spec.attributes;
  const [xShift, yShift] = [shiftOf(spec.inputs[0]!.dtype), shiftOf(output)];
  const [xArea, yArea] = [image.height * image.width, height * width];
  const xBytes = (image.batch * image.channels * xArea) << xShift;
  const yBytes = (image.batch * channels * yArea) << yShift;
  const [fromAt, toAt] = [owned.workspace(xBytes), owned.workspace(yBytes)];
  return ([x], [y]) => {
    const [from, to] = [fromAt(), toAt()];
    const { batch } = image;
    const xRows = image.channels;
    context.run("transposeMatrices", batch * xArea, batch * xArea * xRows, x!, from, xRows, xArea, xShift);
    run([from], [to]);
    context.run(
      "transposeMatrices",
      batch * channels,
      batch * yArea * channels,
      to,
      y!,
      yArea,
      channels,
      yShift,
    );
  };
}

function shiftOf(dtype: keyof typeof dtypes): number {
  return Math.log2(dtypes[dtype].bits / 8);
}
