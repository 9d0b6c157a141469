/** BatchNormalization (Ioffe and Szegedy 2015): with fixed statistics, or with those of the batch while training. */
import { getFloat, getInt } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { along, binary, binaryNumber, unary } from "./emit.ts";
import { cast } from "./moves.ts";
import { moments } from "./norms.ts";
import { converted, isKnown, shaped } from "./weights.ts";

/** Inputs: x [batch, channels, ...], then scale, bias, mean and variance, each [channels]. */
export const batchNormalization: Operator = (context) => {
  const { node } = context;
  if (context.opset < 9 && getInt(node, "spatial", 1) === 0)
    context.fail("normalizes every activation by itself (spatial 0), which the runtime does not do");
  // Before opset 14 the outputs tell: there is more than one only while training.
  const trains = context.opset < 14 ? context.outputCount > 1 : getInt(node, "training_mode", 0) !== 0;
  const given = context.input(0);
  // A vector is a batch of one channel.
  const x = given.type.shape.length === 1 ? context.reshape(given, [...given.type.shape, 1]) : given;
  const epsilon = getFloat(node, "epsilon", 1e-5);
  const [y, ...others] = trains ? trained(context, x, epsilon) : [fixed(context, x, epsilon)];
  return [context.reshape(y, given.type.shape), ...others];
};

/** With the channels last and constant statistics: what the pass for layouts makes of a normalization. */
export const batchNormChannelsLast: Operator = (context) => {
  const x = context.input(0);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) =>
    converted(context, context.constant(index), "float32"),
  );
  const attributes = { epsilon: getFloat(context.node, "epsilon", 1e-5), layout: "nhwc" } as const;
  const weights = { scale: scale!, bias: bias!, mean: mean!, variance: variance! };
  return [context.kernel({ op: "batchNorm", inputs: [x.type], attributes }, [x], weights)];
};

function fixed(context: Lowering, x: Value, epsilon: number): Value {
  const statistics = [1, 2, 3, 4].map((index) => context.input(index));
  const { dtype, shape } = x.type;
  if (dtype === "float64" || !statistics.every(isKnown)) {
    const [scale, bias, mean, variance] = vectors(context, x);
    return affine(context, x, binary(context, "sub", wide(context, x), mean), variance, epsilon, scale, bias);
  }
  const [scale, bias, mean, variance] = statistics.map((value) =>
    shaped(converted(context, value.constant!, "float32"), [shape[1] ?? 0]),
  );
  const attributes = { epsilon, layout: "nchw" } as const;
  const weights = { scale: scale!, bias: bias!, mean: mean!, variance: variance! };
  return context.kernel({ op: "batchNorm", inputs: [x.type], attributes }, [x], weights);
}

/** The result, running mean and variance, and (before opset 14) the mean and variance of the batch. */
function trained(context: Lowering, x: Value, epsilon: number): [Value, ...Value[]] {
  const momentum = getFloat(context.node, "momentum", 0.9);
  const [scale, bias, oldMean, oldVariance] = vectors(context, x);
  const axes = x.type.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const { mean, centered, variance } = moments(context, wide(context, x), axes);
  const y = affine(context, x, centered, variance, epsilon, scale, bias);
  const asVector = (value: Value) => {
    const { dtype, shape } = context.input(3).type;
    return cast(context, context.reshape(value, shape), dtype);
  };
  const running = (old: Value, current: Value) =>
    asVector(
      binary(
        context,
        "add",
        binaryNumber(context, "mul", old, momentum),
        binaryNumber(context, "mul", current, 1 - momentum),
      ),
    );
  const saved = context.opset < 14 ? [asVector(mean), asVector(variance)] : [];
  return [y, running(oldMean, mean), running(oldVariance, variance), ...saved];
}

/** centered / sqrt(variance + epsilon) * scale + bias, in the format of x. */
function affine(
  context: Lowering,
  x: Value,
  centered: Value,
  variance: Value,
  epsilon: number,
  scale: Value,
  bias: Value,
): Value {
  const deviation = unary(context, "sqrt", binaryNumber(context, "add", variance, epsilon));
  const scaled = binary(context, "mul", centered, binary(context, "div", scale, deviation));
  return cast(context, binary(context, "add", scaled, bias), x.type.dtype);
}

/** At least float32: the statistics of narrower formats would overflow. */
function wide(context: Lowering, x: Value): Value {
  return x.type.dtype === "float64" ? x : cast(context, x, "float32");
}

/** Scale, bias, mean and variance along the channels of x. */
function vectors(context: Lowering, x: Value): [Value, Value, Value, Value] {
  const dtype = x.type.dtype === "float64" ? "float64" : "float32";
  const vector = (index: number) =>
    along(context, cast(context, context.input(index), dtype), 1, x.type.shape.length);
  return [vector(1), vector(2), vector(3), vector(4)];
}
