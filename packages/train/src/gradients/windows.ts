/** Attributes of sliding windows, as the gradients of convolutions and pools take them: those of the node itself. */
import { getInts, getString, type NodeProto } from "@bitbudget/onnx";
import type { Attributes } from "../graph/builder.ts";

export type WindowFields = Attributes;

/** kernel_shape, strides, dilations and pads, where the node has them. */
export function windowFields(node: NodeProto): WindowFields {
  const given = ["kernel_shape", "strides", "dilations", "pads"].flatMap((name) => {
    const values = getInts(node, name, []);
    return values.length > 0 ? [[name, values.map(BigInt)] as const] : [];
  });
  return Object.fromEntries(given);
}

/** Padding that follows from the image: the gradient has the same image. */
export function autoPad(node: NodeProto): WindowFields {
  return { auto_pad: getString(node, "auto_pad", "NOTSET") || "NOTSET" };
}
