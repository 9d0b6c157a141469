/** conv2d: the windows of images with their channels last times the filters. Other images are turned first. */
import { imageLayout, imageShape, type KernelRow, type KernelSpec, windowOutput } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import type { Context } from "../context.ts";
import { withHalves } from "../half.ts";
import { type Run, wasmKernel } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { compileWeighted } from "../weighted/compile.ts";
import { decodeOnce, isDecoded, takesPacked } from "../weighted/decode-once.ts";
import { compileDepthwise, isDepthwise } from "../weighted/depthwise.ts";
import { convProduct, type Product } from "../weighted/product.ts";
import { decodedRows, dynamicRows, floatRows, refuseWeighted, staticRows } from "../weighted/rows.ts";
import { compileWinograd, isWinograd } from "../weighted/winograd.ts";

export const conv2d = wasmKernel(
  withHalves<"conv2d">(
    {
      rows: [
        ...floatRows,
        ...decodedRows,
        ...staticRows.filter(isCoarse),
        ...dynamicRows(["uint8"]).filter(isCoarse),
      ],
      refuse: refuseWeighted,
      compile(context, spec, weights, owned) {
        const last = channelsLast(spec);
        const product = convProduct(last, owned);
        const run =
          isDecoded(last) && !takesPacked(last, product)
            ? compileLast(context, decodeOnce(last, weights, product), owned, product)
            : compileLast(context, { spec: last, weights }, owned, product);
        return last === spec ? run : turned(context, spec, owned, run);
      },
    },
    "any",
  ),
);

/** Codes times weights in blocks: for 1x1 kernels alone, which nobody quantizes like that. */
function isCoarse({ weight }: KernelRow): boolean {
  return weight?.endsWith(" block") !== true;
}

/** A convolution of images with their channels last. */
function compileLast(
  context: Context,
  { spec, weights }: ReturnType<typeof decodeOnce>,
  owned: Owned,
  product: Product,
): Run {
  const compile = isDepthwise(spec) ? compileDepthwise : isWinograd(spec) ? compileWinograd : compileWeighted;
  return compile(context, spec, weights, owned, product);
}

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
