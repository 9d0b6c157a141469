/** DeformConv, on the host. */
import { elementCount } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import { deformConvolve } from "../host/deform-convolution.ts";
import { floatsOf, tensorOfFloats } from "../host/tensors.ts";
import type { Operator } from "../operator.ts";
import { convShape } from "./conv.ts";

/** Inputs: x, filters, offsets [batch, groups * taps * axes, ...], bias, mask [batch, groups * taps, ...]. */
export const deformConv: Operator = (context) => {
  const [x, w, offset] = [context.input(0), context.input(1), context.input(2)];
  const { channels, groups, windows } = convShape(context, x.type, w.type.shape);
  const { strides, dilations, before, counts, kernel } = windows;
  const [batch = 0, inputs = 0] = x.type.shape;
  const offsetGroups = getInt(context.node, "offset_group", 1);
  const taps = offsetGroups * elementCount(kernel);
  const check = (what: string, shape: readonly number[], expected: readonly number[]) => {
    if (shape.join() !== expected.join())
      context.fail(`needs ${what} of [${expected.join(", ")}], not [${shape.join(", ")}]`);
  };
  if (inputs % offsetGroups !== 0)
    return context.fail(`has ${inputs} channels in ${offsetGroups} offset groups`);
  check("offsets", offset.type.shape, [batch, taps * kernel.length, ...counts]);
  const [bias, mask] = [context.inputs[3], context.inputs[4]];
  if (mask !== undefined) check("a mask", mask.type.shape, [batch, taps, ...counts]);
  const type = { dtype: x.type.dtype, shape: [batch, channels, ...counts] };
  const given = [x, w, offset, ...(bias ? [bias] : []), ...(mask ? [mask] : [])];
  const shape = { input: x.type.shape, filter: w.type.shape, groups, strides, dilations, before, counts };
  return context.host([type], given, (tensors) => {
    const [image, filters, offsets, ...rest] = tensors.map(floatsOf);
    const parts = {
      x: image!,
      w: filters!,
      offset: offsets!,
      bias: bias && rest[0],
      mask: mask && rest.at(-1),
    };
    return [tensorOfFloats(type, deformConvolve(parts, shape, offsetGroups))];
  });
};
