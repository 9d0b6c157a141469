/**
 * Gradients of convolutions: the other two products of the same convolution (Dumoulin and Visin 2016, "A guide to
 * convolution arithmetic for deep learning", section 4).
 */
import { getInt, getInts, getString } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Backward, GradientRule, GradientTable } from "./rule.ts";
import { autoPad, type WindowFields, windowFields } from "./windows.ts";

/** A convolution as what its three products share: dx, dw and y of images x, filters w and gradients dy. */
interface Convolution {
  readonly fields: WindowFields;
  /** Filters [outputs, inputs of a group, ...window]. */
  output(x: Value, w: Value, shape: readonly number[]): Value;
  input(dy: Value, w: Value, shape: readonly number[]): Value;
  filter(x: Value, dy: Value, shape: readonly number[]): Value;
}

function convolution({ ops, node }: Backward, fields: WindowFields): Convolution {
  const attributes = { ...fields, group: BigInt(getInt(node, "group", 1)) };
  return {
    fields,
    output: (x, w, shape) => ops.emit("Conv", [x, w], [{ dtype: x.dtype, shape }], attributes)[0]!,
    input: (dy, w, shape) =>
      ops.internal(
        "ConvInputGrad",
        [dy, w],
        { dtype: dy.dtype, shape },
        { ...attributes, input_shape: shape.slice(2).map(BigInt) },
      ),
    filter: (x, dy, shape) =>
      ops.internal(
        "ConvFilterGrad",
        [x, dy],
        { dtype: dy.dtype, shape },
        { ...attributes, kernel_shape: shape.slice(2).map(BigInt) },
      ),
  };
}

/** The gradient of a bias: one number for each channel. */
function bias(b: Backward): Value | undefined {
  if (!b.needs(2)) return undefined;
  const axes = b.dy.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  return b.ops.reshape(b.ops.sum(b.dy, axes), b.input(2).shape);
}

function checkAxes(b: Backward): void {
  const axes = b.dy.shape.length - 2;
  if (axes > 2) b.fail(`it has ${axes} spatial axes; gradients are those of one or two`);
}

const conv: GradientRule = (b) => {
  checkAxes(b);
  const [x, w] = [b.input(0), b.input(1)];
  const products = convolution(b, { ...windowFields(b.node), ...autoPad(b.node) });
  return [
    b.needs(0) ? products.input(b.dy, w, x.shape) : undefined,
    b.needs(1) ? products.filter(x, b.dy, w.shape) : undefined,
    bias(b),
  ];
};

/** What this computes is the gradient of a convolution's image: the parts of x and dy are exchanged. */
const convTranspose: GradientRule = (b) => {
  checkAxes(b);
  const [x, w] = [b.input(0), b.input(1)];
  const products = convolution(b, { ...windowFields(b.node), pads: transposedPads(b).map(BigInt) });
  return [
    b.needs(0) ? products.output(b.dy, w, x.shape) : undefined,
    b.needs(1) ? products.filter(b.dy, x, w.shape) : undefined,
    bias(b),
  ];
};

/** Pads follow from the shape of the result where they are not given (ONNX ConvTranspose). */
function transposedPads(b: Backward): readonly number[] {
  const { node } = b;
  const spatial = b.input(0).shape.slice(2);
  const ones = spatial.map(() => 1);
  const zeros = spatial.map(() => 0);
  const mode = getString(node, "auto_pad", "NOTSET") || "NOTSET";
  if (mode === "VALID") return [...zeros, ...zeros];
  if (mode === "NOTSET" && getInts(node, "output_shape", []).length === 0)
    return getInts(node, "pads", [...zeros, ...zeros]);
  const [strides, dilations] = [getInts(node, "strides", ones), getInts(node, "dilations", ones)];
  const more = getInts(node, "output_padding", zeros);
  const total = spatial.map((length, i) => {
    const extent = ((b.input(1).shape[i + 2] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
    const whole = (length - 1) * (strides[i] ?? 1) + (more[i] ?? 0) + extent;
    return Math.max(0, whole - (b.dy.shape[i + 2] ?? 0));
  });
  const begin = total.map((pad) => (mode === "SAME_UPPER" ? Math.floor(pad / 2) : Math.ceil(pad / 2)));
  return [...begin, ...total.map((pad, i) => pad - (begin[i] ?? 0))];
}

export const convolutions: GradientTable = { Conv: conv, ConvTranspose: convTranspose };
