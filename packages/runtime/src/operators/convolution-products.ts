/**
 * The products of a convolution of which nothing is constant: its output, and the gradients of its image and filter. They
 * are kernels over one or two spatial axes.
 */
import type { ConvolutionAttributes, KernelSpec } from "@bitbudget/backend";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { imageGeometry, type Windows } from "./windows.ts";

export interface Product {
  readonly wants: ConvolutionAttributes["wants"];
  readonly groups: number;
  readonly windows: Windows;
  /** Lengths of the spatial axes of the image whose gradient is wanted. */
  readonly size?: readonly number[];
}

/** Whether there are kernels for images like this one under such windows. */
export function hasProduct({ type }: Value, { kernel }: Windows): boolean {
  return kernel.length <= 2 && (type.dtype === "float32" || type.dtype === "float64");
}

/** @param a the image, or where its gradient is wanted that of the output @param b the filter, or the output's gradient */
export function convolutionProduct(
  context: Lowering,
  a: Value,
  b: Value,
  { wants, groups, windows, size }: Product,
): Value {
  const [first, second] = [asImage(context, a), asImage(context, b)];
  const spec: KernelSpec<"convolution"> = {
    op: "convolution",
    inputs: [first.type, second.type],
    attributes: { wants, groups, ...imageGeometry(windows), ...(size && { size: imageSize(size) }) },
  };
  return fromImage(context, context.kernel(spec, [first, second]), windows);
}

/** One spatial axis is an image of height 1. */
export function asImage(context: Lowering, x: Value): Value {
  const { shape } = x.type;
  return shape.length === 3 ? context.reshape(x, shape.toSpliced(2, 0, 1)) : x;
}

/** Takes the height off again. */
export function fromImage(context: Lowering, image: Value, { kernel }: Windows): Value {
  return kernel.length === 1 ? context.reshape(image, image.type.shape.toSpliced(2, 1)) : image;
}

export function imageSize(spatial: readonly number[]): readonly [height: number, width: number] {
  const [a = 1, b] = spatial;
  return b === undefined ? [1, a] : [a, b];
}
