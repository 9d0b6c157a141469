/** conv2d: cross-correlation of images with constant filters, in groups (ONNX Conv). */
import type { KernelSpec } from "../spec.ts";
import { check, checkInputCount, input, isPositiveInteger, type OpDefinition, size } from "./definition.ts";
import {
  checkWeighted,
  type WeightedAttributes,
  weightedOperands,
  weightedTolerance,
  weightedWeights,
} from "./weighted.ts";
import { imageLayout, imageShape, type WindowAttributes, windowOutput } from "./window.ts";

export interface Conv2dAttributes extends WeightedAttributes, WindowAttributes {
  /** Filters: channels of the output. */
  readonly channels: number;
  /** Divides the channels of input and output. Depthwise: as many groups as input channels. */
  readonly groups: number;
}

/** [filters, input channels of a group, kernel height, kernel width], whatever the layout of the images. */
function filterShape({ inputs, attributes }: KernelSpec<"conv2d">): number[] {
  const { channels } = imageLayout(inputs[0]?.shape ?? [], attributes.layout);
  return [attributes.channels, channels / attributes.groups, ...attributes.kernel];
}

/** Length of one sum: the elements of a filter. Blocks of weights run along it, in the order of the filter tensor. */
export function conv2dDepth(spec: KernelSpec<"conv2d">): number {
  return size(filterShape(spec).slice(1));
}

export const conv2d: OpDefinition<"conv2d"> = {
  op: "conv2d",
  summary: "images convolved with constant filters, in groups, with bias and activation",
  onnx: ["Conv", "QLinearConv", "ConvInteger"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { layout, channels, groups, output, dynamic } = spec.attributes;
    check(isPositiveInteger(channels), spec, "attributes.channels", "must be a positive integer");
    const { image, height, width } = windowOutput(spec, input(spec));
    check(
      isPositiveInteger(groups) && image.channels % groups === 0 && channels % groups === 0,
      spec,
      "attributes.groups",
      `must be a positive integer that divides ${image.channels} input and ${channels} output channels`,
    );
    checkWeighted(spec);
    check(
      dynamic === undefined || dynamic.granularity === "tensor",
      spec,
      "attributes.dynamic.granularity",
      "must be tensor: windows overlap, so rows and blocks have no scale of their own",
    );
    return [{ dtype: output, shape: imageShape({ batch: image.batch, channels, height, width }, layout) }];
  },
  weights(spec) {
    return weightedWeights(spec, filterShape(spec), spec.attributes.channels, conv2dDepth(spec));
  },
  operands: weightedOperands,
  operations(spec) {
    const { height, width, image } = windowOutput(spec, input(spec));
    return 2 * image.batch * height * width * spec.attributes.channels * conv2dDepth(spec);
  },
  tolerance: (spec) => weightedTolerance(spec, conv2dDepth(spec)),
};
