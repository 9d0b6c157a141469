/** Sliding windows over images, for convolutions and pools: layouts, geometry, output sizes. */
import type { TensorType } from "@bitbudget/core";
import type { KernelSpec } from "../spec.ts";
import { check, isPositiveInteger } from "./definition.ts";

/** Order of an image tensor's dimensions: batch, channels, height, width, or channels last. */
export type Layout = "nchw" | "nhwc";

/** Where windows lie, whatever the layout of the images. */
export interface WindowGeometry {
  /** Height and width of the window. */
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Top, left, bottom, right, as in ONNX `pads`. */
  readonly pads: readonly [number, number, number, number];
}

export interface WindowAttributes extends WindowGeometry {
  readonly layout: Layout;
}

export interface ImageSize {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Sizes and element strides of an image tensor, whatever its layout. */
export interface ImageLayout extends ImageSize {
  readonly batchStride: number;
  readonly channelStride: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

export function imageLayout(shape: readonly number[], layout: Layout): ImageLayout {
  const [batch = 0, d1 = 0, d2 = 0, d3 = 0] = shape;
  const sizes =
    layout === "nchw"
      ? { batch, channels: d1, height: d2, width: d3 }
      : { batch, channels: d3, height: d1, width: d2 };
  const { channels, height, width } = sizes;
  const batchStride = channels * height * width;
  return layout === "nchw"
    ? { ...sizes, batchStride, channelStride: height * width, rowStride: width, columnStride: 1 }
    : { ...sizes, batchStride, channelStride: 1, rowStride: width * channels, columnStride: channels };
}

export function imageShape({ batch, channels, height, width }: ImageSize, layout: Layout): number[] {
  return layout === "nchw" ? [batch, channels, height, width] : [batch, height, width, channels];
}

/** Number of window positions along one axis (ONNX Conv, MaxPool). May be zero or less where nothing fits. */
export function windowCount(
  length: number,
  kernel: number,
  stride: number,
  dilation: number,
  padBegin: number,
  padEnd: number,
  ceil = false,
): number {
  const free = length + padBegin + padEnd - ((kernel - 1) * dilation + 1);
  const count = (ceil ? Math.ceil(free / stride) : Math.floor(free / stride)) + 1;
  // With ceil, a last window that would start in the padding at the end is left out (ONNX MaxPool).
  return ceil && (count - 1) * stride >= length + padBegin ? count - 1 : count;
}

/** Checks the geometry and returns the output's height and width. */
export function windowOutput(
  spec: KernelSpec<"conv2d"> | KernelSpec<"pool2d">,
  image: TensorType,
  ceil = false,
): { readonly image: ImageLayout; readonly height: number; readonly width: number } {
  const { layout } = spec.attributes;
  checkImage(spec, 0, image, layout);
  check(layout === "nchw" || layout === "nhwc", spec, "attributes.layout", "must be nchw or nhwc");
  const sizes = imageLayout(image.shape, layout);
  return { image: sizes, ...windowCounts(spec, spec.attributes, sizes, ceil) };
}

export function checkImage(spec: KernelSpec, index: number, { shape }: TensorType, layout: Layout): void {
  check(
    shape.length === 4,
    spec,
    `inputs[${index}].shape`,
    `must have 4 dimensions (${layout}), not ${shape.length}`,
  );
}

/** Checks the geometry and returns how many windows there are down and across an image. */
export function windowCounts(
  spec: KernelSpec,
  { kernel, strides, dilations, pads }: WindowGeometry,
  image: Pick<ImageSize, "height" | "width">,
  ceil = false,
): Pick<ImageSize, "height" | "width"> {
  for (const [field, pair] of Object.entries({ kernel, strides, dilations }))
    check(
      pair.length === 2 && pair.every(isPositiveInteger),
      spec,
      `attributes.${field}`,
      "must be two positive integers",
    );
  check(
    pads.length === 4 && pads.every((pad) => Number.isSafeInteger(pad) && pad >= 0),
    spec,
    "attributes.pads",
    "must be four integers of at least 0: top, left, bottom, right",
  );
  const height = windowCount(image.height, kernel[0], strides[0], dilations[0], pads[0], pads[2], ceil);
  const width = windowCount(image.width, kernel[1], strides[1], dilations[1], pads[1], pads[3], ceil);
  check(height > 0 && width > 0, spec, "attributes.kernel", "does not fit into the padded image even once");
  return { height, width };
}

/** Pools need windows that see more than padding. */
export function checkPoolPads(spec: KernelSpec, { kernel, dilations, pads }: WindowGeometry): void {
  const extent = kernel.map((length, i) => (length - 1) * (dilations[i] ?? 1) + 1);
  check(
    pads.every((pad, i) => pad < (extent[i % 2] ?? 0)),
    spec,
    "attributes.pads",
    "must be smaller than the window, or windows would see nothing but padding",
  );
}

/** Height and width of an image that only the spec tells: the gradient of what strides have skipped over. */
export function imageSizeOf(
  spec: KernelSpec,
  size: readonly [number, number] | undefined,
): Pick<ImageSize, "height" | "width"> {
  check(
    size !== undefined && size.length === 2 && size.every(isPositiveInteger),
    spec,
    "attributes.size",
    "must be two positive integers, the height and width of the image: strides leave them open",
  );
  return { height: size[0], width: size[1] };
}
