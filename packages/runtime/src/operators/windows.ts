/** Sliding windows over any number of axes, as the attributes of convolutions and pools describe them. */
import { type WindowAttributes, windowCount } from "@bitbudget/backend";
import { getInt, getInts, getString } from "@bitbudget/onnx";
import type { Lowering } from "../operator.ts";

/** One entry for each spatial axis. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before and after the axis. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Whether windows may hang over the end of the padding. */
  readonly ceil: boolean;
  /** How many windows there are. */
  readonly counts: readonly number[];
}

export type Geometry = Pick<WindowAttributes, "kernel" | "strides" | "dilations" | "pads">;

/** Reads strides, dilations, pads, auto_pad and ceil_mode. @param spatial lengths of the spatial axes */
export function windowsOf(context: Lowering, spatial: readonly number[], kernel: readonly number[]): Windows {
  const { node } = context;
  const rank = spatial.length;
  const ones = spatial.map(() => 1);
  const strides = list(context, "strides", ones);
  const dilations = list(context, "dilations", ones);
  const pads = list(context, "pads", [...ones, ...ones].fill(0));
  if (kernel.length !== rank) context.fail(`has a window of ${kernel.length} axes over ${rank} spatial axes`);
  const autoPad = getString(node, "auto_pad", "NOTSET") || "NOTSET";
  let [before, after] = [pads.slice(0, rank), pads.slice(rank)];
  if (autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER") {
    const total = spatial.map((length, i) => samePadding(length, kernel[i]!, strides[i]!, dilations[i]!));
    const half = total.map((pad) => (autoPad === "SAME_UPPER" ? Math.floor(pad / 2) : Math.ceil(pad / 2)));
    [before, after] = [half, total.map((pad, i) => pad - half[i]!)];
  } else if (autoPad === "VALID") {
    [before, after] = [ones.map(() => 0), ones.map(() => 0)];
  } else if (autoPad !== "NOTSET") {
    context.fail(`has the auto_pad ${JSON.stringify(autoPad)}; use NOTSET, SAME_UPPER, SAME_LOWER or VALID`);
  }
  // Under auto_pad the sizes are rounded as without ceil_mode (ONNX MaxPool).
  const ceil = autoPad === "NOTSET" && getInt(node, "ceil_mode", 0) !== 0;
  const counts = spatial.map((length, i) =>
    windowCount(length, kernel[i]!, strides[i]!, dilations[i]!, before[i]!, after[i]!, ceil),
  );
  if (counts.some((count) => count < 1))
    context.fail(`has a window of ${kernel.join(" x ")} that does not fit into ${spatial.join(" x ")}`);
  return { kernel, strides, dilations, before, after, ceil, counts };
}

/** Padding with which there are ceil(length / stride) windows. */
function samePadding(length: number, kernel: number, stride: number, dilation: number): number {
  const extent = (kernel - 1) * dilation + 1;
  return Math.max(0, (Math.ceil(length / stride) - 1) * stride + extent - length);
}

function list(context: Lowering, name: string, fallback: readonly number[]): readonly number[] {
  const values = getInts(context.node, name, fallback);
  if (values.length === 0) return fallback;
  if (values.length !== fallback.length)
    context.fail(`has ${values.length} ${name} where ${fallback.length} belong`);
  return values;
}

/** The geometry of one or two axes for kernels, which take images: one axis is an image of height 1. */
export function imageGeometry({ kernel, strides, dilations, before, after }: Windows): Geometry {
  const pair = (values: readonly number[], missing: number): [number, number] => {
    const [a = missing, b] = values;
    return b === undefined ? [missing, a] : [a, b];
  };
  return {
    kernel: pair(kernel, 1),
    strides: pair(strides, 1),
    dilations: pair(dilations, 1),
    pads: [...pair(before, 0), ...pair(after, 0)],
  };
}
