/** CausalConvWithState: a depthwise convolution over time that sees only the past, and hands on what the next step needs. */
import { tensor } from "@bitbudget/core";
import type { Operator } from "../operator.ts";
import { fusedActivation } from "./activation.ts";
import { floatConv } from "./conv.ts";
import { concat, sliceAxis } from "./moves.ts";

/** Inputs: x [batch, channels, length], filters [channels, 1, k], bias, the k - 1 positions before x (default zeros). */
export const causalConvWithState: Operator = (context) => {
  const x = context.input(0);
  const weight = context.constant(1);
  const [batch = 0, channels = 0, length = 0] = x.type.shape;
  const size = weight.shape.at(-1) ?? 0;
  if (x.type.shape.length !== 3 || weight.shape.join() !== [channels, 1, size].join())
    return context.fail(
      `needs x [batch, channels, length] and filters [channels, 1, k], not [${x.type.shape.join(", ")}] and [${weight.shape.join(", ")}]`,
    );
  const past = context.inputs[3] ?? context.known(tensor(x.type.dtype, [batch, channels, size - 1]));
  const whole = concat(context, [past, x], 2);
  const windows = {
    kernel: [size],
    strides: [1],
    dilations: [1],
    before: [0],
    after: [0],
    ceil: false,
    counts: [length],
  };
  const shape = { layout: "nchw", channels, groups: channels, windows } as const;
  const y = floatConv(context, whole, weight, shape, context.inputs[2], fusedActivation(context));
  return [y, sliceAxis(context, whole, 2, length, size - 1)];
};
