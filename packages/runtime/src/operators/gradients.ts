/**
 * Gradients that no operator of ONNX computes: operators of the internal domain, which graphs for training are built of.
 * Images are [batch, channels, ...spatial] with one or two spatial axes, in float32 or float64; pads are explicit.
 */
import type { KernelSpec } from "@bitbudget/backend";
import { getInt, getInts } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { axisOf } from "./axes.ts";
import { asImage, convolutionProduct, fromImage, hasProduct, imageSize } from "./convolution-products.ts";
import { within } from "./elementwise.ts";
import type { OperatorTable } from "./index.ts";
import { scatterAdd } from "./moves.ts";
import { imageGeometry, type Windows, windowsOf } from "./windows.ts";

/** dx of (dy, filter). @attribute input_shape lengths of the spatial axes of x, which strides leave open */
const convInputGrad: Operator = (context) => {
  const [dy, filter] = [context.input(0), context.input(1)];
  const size = getInts(context.node, "input_shape");
  const windows = windowsIn(context, dy, size, filter.type.shape.slice(2));
  const groups = getInt(context.node, "group", 1);
  return [convolutionProduct(context, dy, filter, { wants: "input", groups, windows, size })];
};

/** The gradient of the filter of (x, dy), summed over the batch. @attribute kernel_shape */
const convFilterGrad: Operator = (context) => {
  const [x, dy] = [context.input(0), context.input(1)];
  const windows = windowsIn(context, x, x.type.shape.slice(2));
  const groups = getInt(context.node, "group", 1);
  return [convolutionProduct(context, x, dy, { wants: "filter", groups, windows })];
};

/** dx of (x, dy): to the first largest element of each window. */
const maxPoolGrad: Operator = (context) => {
  const [x, dy] = [context.input(0), context.input(1)];
  return [poolGrad(context, [x, dy], windowsIn(context, x, x.type.shape.slice(2)), { kind: "max" })];
};

/** dx of (dy). @attribute input_shape lengths of the spatial axes of x */
const averagePoolGrad: Operator = (context) => {
  const dy = context.input(0);
  const size = getInts(context.node, "input_shape");
  const countIncludePad = getInt(context.node, "count_include_pad", 0) !== 0;
  const attributes = { kind: "average", countIncludePad, size: imageSize(size) } as const;
  return [poolGrad(context, [dy], windowsIn(context, dy, size), attributes)];
};

function poolGrad(
  context: Lowering,
  operands: readonly Value[],
  windows: Windows,
  attributes: Pick<KernelSpec<"poolGrad">["attributes"], "kind" | "countIncludePad" | "size">,
): Value {
  const images = operands.map((operand) => asImage(context, operand));
  const spec: KernelSpec<"poolGrad"> = {
    op: "poolGrad",
    inputs: images.map(({ type }) => type),
    attributes: { ...attributes, ceil: windows.ceil, ...imageGeometry(windows) },
  };
  return fromImage(context, context.kernel(spec, images), windows);
}

/** The windows over `spatial` axes, of which `image` must have as many and of a format that there are kernels for. */
function windowsIn(
  context: Lowering,
  image: Value,
  spatial: readonly number[],
  window?: readonly number[],
): Windows {
  const windows = windowsOf(context, spatial, getInts(context.node, "kernel_shape", window));
  const { dtype, shape } = image.type;
  if (!hasProduct(image, windows) || shape.length !== spatial.length + 2)
    context.fail(
      `has gradients of ${dtype}[${shape.join(", ")}]; they are those of float32 or float64 images with one or two spatial axes`,
    );
  return windows;
}

/** The gradient of Gather's data, of (indices, dy). @attribute size length of the axis that was picked from */
const gatherGrad: Operator = (context) => {
  const [indices, dy] = [context.input(0), context.input(1)];
  const rank = dy.type.shape.length - indices.type.shape.length + 1;
  const axis = axisOf(context, getInt(context.node, "axis", 0), rank);
  return [scatterAdd(context, indices, dy, axis, getInt(context.node, "size"))];
};

export const gradients: OperatorTable = {
  ConvInputGrad: convInputGrad,
  ConvFilterGrad: convFilterGrad,
  MaxPoolGrad: maxPoolGrad,
  AveragePoolGrad: averagePoolGrad,
  GatherGrad: gatherGrad,
  Within: within,
};
