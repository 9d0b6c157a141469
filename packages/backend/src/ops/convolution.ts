/**
 * convolution: the three products that belong to one convolution, of tensors that are all computed: its output, and the
 * gradients of its input and of its filter (ONNX Conv and ConvTranspose with filters that are no constants; training).
 * Each is linear in both of its operands, and they are adjoint: <output(x, w), dy> = <x, input(dy, w)> = <w, filter(x, dy)>.
 */
import type { TensorType } from "@bitbudget/core";
import type { KernelSpec } from "../spec.ts";
import { sumOf } from "../tolerance.ts";
import {
  check,
  checkDtype,
  checkInputCount,
  input,
  isFloat,
  isPositiveInteger,
  type OpDefinition,
  size,
} from "./definition.ts";
import { checkImage, imageSizeOf, type WindowGeometry, windowCounts } from "./window.ts";

/** Images are [batch, channels, height, width], filters [filters, channels of a group, kernel height, kernel width]. */
export interface ConvolutionAttributes extends WindowGeometry {
  /**
   * "output": of [x, filter], the convolution. "input": of [dy, filter], the gradient of x, which is the transposed
   * convolution. "filter": of [x, dy], the gradient of the filter, summed over the batch.
   */
  readonly wants: "output" | "input" | "filter";
  /** Divides the channels of both images. Depthwise: as many groups as x has channels. */
  readonly groups: number;
  /** Height and width of x where it is what is wanted; else x tells, and it is left out. */
  readonly size?: readonly [height: number, width: number];
}

/** The shapes of all three, whichever of them are given. Throws SpecError where they contradict one another. */
export interface ConvolutionShapes {
  /** [batch, channels, height, width] of the image that is convolved. */
  readonly input: readonly [number, number, number, number];
  /** [filters, channels of a group, kernel height, kernel width] */
  readonly filter: readonly [number, number, number, number];
  /** [batch, filters, height, width] of the result. */
  readonly output: readonly [number, number, number, number];
}

export function convolutionShapes(spec: KernelSpec<"convolution">): ConvolutionShapes {
  const { attributes } = spec;
  const { wants, groups, kernel } = attributes;
  const [first, second] = [input(spec, 0), input(spec, 1)];
  checkImage(spec, 0, first, "nchw");
  checkImage(spec, 1, second, "nchw");
  const [batch = 0, channels = 0, height = 0, width = 0] = first.shape;
  const [others = 0, perGroup = 0, ...extent] = second.shape;
  check(
    isPositiveInteger(groups) && channels % groups === 0,
    spec,
    "attributes.groups",
    `must be a positive integer that divides ${channels} channels`,
  );
  if (wants === "filter") {
    checkExtent(spec, "inputs[1]", others, batch, "images, as many as the first");
    const counts = windowCounts(spec, attributes, { height, width });
    checkCounts(spec, 1, extent, counts);
    check(
      perGroup % groups === 0,
      spec,
      "attributes.groups",
      `must divide ${perGroup} channels of the gradient`,
    );
    const filter = [perGroup, channels / groups, kernel[0], kernel[1]] as const;
    return {
      input: [batch, channels, height, width],
      filter,
      output: [batch, perGroup, counts.height, counts.width],
    };
  }
  check(
    extent[0] === kernel[0] && extent[1] === kernel[1],
    spec,
    "inputs[1].shape",
    `must be filters of ${kernel.join(" x ")}, not ${extent.join(" x ")}`,
  );
  const filter = [others, perGroup, kernel[0], kernel[1]] as const;
  check(others % groups === 0, spec, "attributes.groups", `must divide ${others} filters`);
  if (wants === "output") {
    checkExtent(spec, "inputs[1]", perGroup * groups, channels, "channels in all groups, as the image has");
    const counts = windowCounts(spec, attributes, { height, width });
    return {
      input: [batch, channels, height, width],
      filter,
      output: [batch, others, counts.height, counts.width],
    };
  }
  checkExtent(spec, "inputs[1]", others, channels, "filters, as the gradient has channels");
  const image = imageSizeOf(spec, attributes.size);
  checkCounts(spec, 0, [height, width], windowCounts(spec, attributes, image));
  return {
    input: [batch, perGroup * groups, image.height, image.width],
    filter,
    output: [batch, channels, height, width],
  };
}

function checkExtent(spec: KernelSpec, field: string, actual: number, expected: number, what: string): void {
  check(actual === expected, spec, `${field}.shape`, `must have ${expected} ${what}, not ${actual}`);
}

/** The gradient of the output must be as large as the output is. */
function checkCounts(
  spec: KernelSpec,
  index: number,
  [height, width]: readonly (number | undefined)[],
  counts: { readonly height: number; readonly width: number },
): void {
  check(
    height === counts.height && width === counts.width,
    spec,
    `inputs[${index}].shape`,
    `must be ${counts.height} x ${counts.width}, one element for each window, not ${height} x ${width}`,
  );
}

/** How many products the longest sum of the result has. */
export function convolutionTerms(spec: KernelSpec<"convolution">): number {
  const { wants, groups } = spec.attributes;
  const { filter, output } = convolutionShapes(spec);
  if (wants === "output") return size(filter.slice(1));
  if (wants === "input") return (filter[0] / groups) * filter[2] * filter[3];
  return output[0] * output[2] * output[3];
}

export const convolution: OpDefinition<"convolution"> = {
  op: "convolution",
  summary: "images convolved with computed filters, and the gradients of both",
  onnx: ["Conv", "ConvTranspose"],
  outputs(spec) {
    checkInputCount(spec, 2);
    const { wants, size: given } = spec.attributes;
    const { dtype } = input(spec);
    check(
      ["output", "input", "filter"].includes(wants),
      spec,
      "attributes.wants",
      "must be output, input or filter",
    );
    checkDtype(spec, "inputs[0].dtype", dtype, ["float32", "float64"]);
    check(input(spec, 1).dtype === dtype, spec, "inputs[1].dtype", `must be ${dtype} like the first`);
    check(
      wants === "input" || given === undefined,
      spec,
      "attributes.size",
      "must be left out where the image is given",
    );
    const type: TensorType = { dtype, shape: convolutionShapes(spec)[wants] };
    return [type];
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: dtype };
  },
  operations(spec) {
    const { filter, output } = convolutionShapes(spec);
    return 2 * size(output) * size(filter.slice(1));
  },
  tolerance(spec) {
    const { dtype } = input(spec);
    return sumOf(convolutionTerms(spec), isFloat(dtype) ? dtype : "float32");
  },
};
