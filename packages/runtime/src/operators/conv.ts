/**
 * Conv and its kin. One or two spatial axes are kernels, conv2d with constant filters and convolution with computed ones;
 * more run on the host.
 */
import {
  imageShape,
  type Layout,
  type UnaryFunction,
  type WeightedAttributes,
  type Weights,
} from "@bitbudget/backend";
import { elementCount, type HostTensor, type TensorType } from "@bitbudget/core";
import { getInt, getInts } from "@bitbudget/onnx";
import { convolve } from "../host/convolution.ts";
import { floatsOf, tensorOfFloats } from "../host/tensors.ts";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { fusedActivation } from "./activation.ts";
import { convolutionProduct, hasProduct } from "./convolution-products.ts";
import { along, binary, unary } from "./emit.ts";
import { converted, isKnown, shaped } from "./weights.ts";
import { imageGeometry, type Windows, windowsOf } from "./windows.ts";

/** Where the filters of a convolution go. */
export interface ConvShape {
  readonly layout: Layout;
  readonly channels: number;
  readonly groups: number;
  readonly windows: Windows;
}

/** Order of the dimensions of an operator's images: the pass that chooses layouts marks the nodes that it changes. */
export function layoutOf(context: Lowering): Layout {
  return getInt(context.node, "channels_last", 0) === 0 ? "nchw" : "nhwc";
}

/** Reads the attributes of a convolution of `x` with filters [channels, channels of a group, ...window]. */
export function convShape(
  context: Lowering,
  x: TensorType,
  filter: readonly number[],
  layout: Layout = "nchw",
): ConvShape {
  const rank = x.shape.length - 2;
  if (rank < 1 || filter.length !== rank + 2)
    context.fail(`has an input of ${x.shape.length} and filters of ${filter.length} dimensions`);
  const [channels = 0, perGroup = 0, ...window] = filter;
  const groups = getInt(context.node, "group", 1);
  const inputs = (layout === "nchw" ? x.shape[1] : x.shape.at(-1)) ?? 0;
  if (groups < 1 || perGroup * groups !== inputs || channels % groups !== 0)
    context.fail(`has ${inputs} input channels for ${channels} filters of ${perGroup} in ${groups} groups`);
  const kernel = getInts(context.node, "kernel_shape", window);
  if (kernel.join() !== window.join())
    context.fail(`has the kernel_shape [${kernel.join(", ")}] for filters of [${window.join(", ")}]`);
  const spatial = layout === "nchw" ? x.shape.slice(2) : x.shape.slice(1, -1);
  return { layout, channels, groups, windows: windowsOf(context, spatial, kernel) };
}

/** A conv2d kernel over one or two spatial axes. Filters have the shape that ONNX gives them. */
export function conv2d(
  context: Lowering,
  x: Value,
  { layout, channels, groups, windows }: ConvShape,
  attributes: WeightedAttributes,
  weights: Weights<"conv2d"> & { readonly weight: HostTensor },
): Value {
  const isFlat = windows.kernel.length === 1;
  const { shape } = x.type;
  // One axis is an image of height 1.
  const image = isFlat ? context.reshape(x, shape.toSpliced(layout === "nchw" ? 2 : 1, 0, 1)) : x;
  const weight = isFlat ? shaped(weights.weight, weights.weight.shape.toSpliced(2, 0, 1)) : weights.weight;
  const y = context.kernel(
    {
      op: "conv2d",
      inputs: [image.type],
      attributes: { ...attributes, layout, channels, groups, ...imageGeometry(windows) },
    },
    [image],
    { ...weights, weight },
  );
  if (!isFlat) return y;
  const [batch = 0] = shape;
  const [width = 0] = windows.counts;
  const all = imageShape({ batch, channels, height: 1, width }, layout);
  return context.reshape(y, all.toSpliced(layout === "nchw" ? 2 : 1, 1));
}

/** Whether a convolution has a kernel: the window must have one or two axes. */
export function hasKernel({ windows }: ConvShape): boolean {
  return windows.kernel.length <= 2;
}

/** Sums of products on the host, [batch, channels, ...spatial]. Codes are taken less their zero points. */
export function hostConvolution(
  context: Lowering,
  x: Value,
  weight: HostTensor,
  { channels, groups, windows }: ConvShape,
  output: TensorType["dtype"],
  zeroPoints: { readonly input: number; readonly weight: readonly number[] } = { input: 0, weight: [0] },
): Value {
  const { strides, dilations, before, counts } = windows;
  const { shape } = x.type;
  const type = { dtype: output, shape: [shape[0] ?? 0, channels, ...counts] };
  const perFilter = elementCount(weight.shape.slice(1));
  const filters = floatsOf(weight);
  for (let i = 0; i < filters.length; i++)
    filters[i]! -= zeroPoints.weight[Math.floor(i / perFilter)] ?? zeroPoints.weight[0] ?? 0;
  const [y] = context.host([type], [x], ([image]) => {
    const input = floatsOf(image!).map((value) => value - zeroPoints.input);
    const sums = convolve(input, filters, {
      input: shape,
      filter: weight.shape,
      groups,
      strides,
      dilations,
      before,
      counts,
    });
    return [tensorOfFloats(type, sums)];
  });
  return y!;
}

/** A convolution of floats, with a bias for each channel. */
export function floatConv(
  context: Lowering,
  x: Value,
  weight: HostTensor,
  shape: ConvShape,
  bias: Value | undefined,
  activation?: UnaryFunction,
): Value {
  const { dtype } = x.type;
  const fusesBias = bias === undefined || (isKnown(bias) && dtype !== "float64");
  if (hasKernel(shape) && fusesBias) {
    const attributes: WeightedAttributes = {
      weight: { dtype: weight.dtype },
      output: dtype,
      ...(bias && { bias: "float32" as const }),
      ...(activation && { activation }),
    };
    const fused = bias === undefined ? {} : { bias: converted(context, bias.constant!, "float32") };
    return conv2d(context, x, shape, attributes, { weight, ...fused });
  }
  const sums = hasKernel(shape)
    ? conv2d(context, x, shape, { weight: { dtype: weight.dtype }, output: dtype }, { weight })
    : hostConvolution(context, x, weight, shape, dtype);
  return biased(context, sums, bias, shape.layout === "nchw" ? 1 : sums.type.shape.length - 1, activation);
}

/** Conv; its fused form adds a fourth input to the sum before the activation (com.microsoft FusedConv). */
export const conv: Operator = (context) => {
  const [x, filter] = [context.input(0), context.input(1)];
  const shape = convShape(context, x.type, filter.type.shape, layoutOf(context));
  const activation = fusedActivation(context);
  const bias = context.inputs[2];
  const convolved = (activation?: UnaryFunction) =>
    !isKnown(filter) && shape.layout === "nchw" && hasProduct(x, shape.windows)
      ? computedConv(context, x, filter, shape, bias, activation)
      : floatConv(context, x, context.constantOf(filter), shape, bias, activation);
  if (!context.has(3)) return [convolved(activation)];
  const total = binary(context, "add", convolved(), context.input(3));
  return [activation === undefined ? total : unary(context, activation, total)];
};

/** A convolution whose filter only a run can tell. */
function computedConv(
  context: Lowering,
  x: Value,
  filter: Value,
  { groups, windows }: ConvShape,
  bias: Value | undefined,
  activation: UnaryFunction | undefined,
): Value {
  const sums = convolutionProduct(context, x, filter, { wants: "output", groups, windows });
  return biased(context, sums, bias, 1, activation);
}

/** Sums plus a bias for each channel, through an activation. */
export function biased(
  context: Lowering,
  sums: Value,
  bias: Value | undefined,
  channelAxis: number,
  activation?: UnaryFunction,
): Value {
  const rank = sums.type.shape.length;
  const moved =
    bias === undefined ? sums : binary(context, "add", sums, along(context, bias, channelAxis, rank));
  return activation === undefined ? moved : unary(context, activation, moved);
}
