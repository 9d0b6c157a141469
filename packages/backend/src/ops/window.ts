/** Sliding windows over images, for conv2d and pool2d: layouts, geometry, output sizes. */
import type { TensorType } from "@bitbudget/core";
import type { KernelSpec } from "../spec.ts";
import { check, isPositiveInteger } from "./definition.ts";

/** Order of an image tensor's dimensions: batch, channels, height, width, or channels last. */
export type Layout = "nchw" | "nhwc";

export interface WindowAttributes {
  readonly layout: Layout;
  /** Height and width of the window. */
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Top, left, bottom, right, as in ONNX `pads`. */
  readonly pads: readonly [number, number, number, number];
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
  const { layout, kernel, strides, dilations, pads } = spec.attributes;
  check(
    image.shape.length === 4,
    spec,
    "inputs[0].shape",
    `must have 4 dimensions (${layout}), not ${image.shape.length}`,
  );
  check(layout === "nchw" || layout === "nhwc", spec, "attributes.layout", "must be nchw or nhwc");
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
  const sizes = imageLayout(image.shape, layout);
  const height = windowCount(sizes.height, kernel[0], strides[0], dilations[0], pads[0], pads[2], ceil);
  const width = windowCount(sizes.width, kernel[1], strides[1], dilations[1], pads[1], pads[3], ceil);
  check(height > 0 && width > 0, spec, "attributes.kernel", "does not fit into the padded image even once");
  return { image: sizes, height, width };
}
