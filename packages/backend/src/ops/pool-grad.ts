/** poolGrad: the gradient of pool2d on images [batch, channels, height, width]. Where windows overlap, gradients add up. */
import type { KernelSpec } from "../spec.ts";
import { sumOf } from "../tolerance.ts";
import { check, checkDtype, checkInputCount, input, isFloat, type OpDefinition, size } from "./definition.ts";
import type { Pool2dAttributes } from "./pool2d.ts";
import { checkImage, checkPoolPads, imageSizeOf, windowCounts } from "./window.ts";

export interface PoolGradAttributes extends Omit<Pool2dAttributes, "layout"> {
  /** Height and width of the image of an average, which is no input; the maximum has the image, and leaves this out. */
  readonly size?: readonly [height: number, width: number];
}

/**
 * Shapes of the image and of what is pooled. The inputs are [x, dy] for the maximum, whose gradient goes to the first
 * largest element of each window in row-major order, NaN being the largest; [dy] for the average.
 */
export function poolGradShapes(spec: KernelSpec<"poolGrad">): {
  readonly image: readonly [number, number, number, number];
  readonly pooled: readonly [number, number, number, number];
} {
  const { attributes } = spec;
  const { kind, ceil } = attributes;
  const last = kind === "max" ? 1 : 0;
  const dy = input(spec, last);
  checkImage(spec, last, dy, "nchw");
  const [batch = 0, channels = 0, height = 0, width = 0] = dy.shape;
  let image: { readonly height: number; readonly width: number };
  if (kind === "max") {
    const { shape } = input(spec);
    checkImage(spec, 0, input(spec), "nchw");
    check(
      shape[0] === batch && shape[1] === channels,
      spec,
      "inputs[1].shape",
      `must have ${shape[0]} images of ${shape[1]} channels, not ${batch} of ${channels}`,
    );
    image = { height: shape[2] ?? 0, width: shape[3] ?? 0 };
  } else image = imageSizeOf(spec, attributes.size);
  const counts = windowCounts(spec, attributes, image, ceil);
  checkPoolPads(spec, attributes);
  check(
    counts.height === height && counts.width === width,
    spec,
    `inputs[${last}].shape`,
    `must be ${counts.height} x ${counts.width}, one element for each window, not ${height} x ${width}`,
  );
  return {
    image: [batch, channels, image.height, image.width],
    pooled: [batch, channels, height, width],
  };
}

export const poolGrad: OpDefinition<"poolGrad"> = {
  op: "poolGrad",
  summary: "gradient of the maximum or average of sliding windows",
  onnx: [],
  outputs(spec) {
    const { kind, size: given } = spec.attributes;
    check(kind === "max" || kind === "average", spec, "attributes.kind", "must be max or average");
    checkInputCount(spec, kind === "max" ? 2 : 1);
    const { dtype } = input(spec);
    checkDtype(spec, "inputs[0].dtype", dtype, ["float32", "float64"]);
    if (kind === "max") {
      check(input(spec, 1).dtype === dtype, spec, "inputs[1].dtype", `must be ${dtype} like the first`);
      check(given === undefined, spec, "attributes.size", "must be left out where the image is given");
    }
    const { image } = poolGradShapes(spec);
    return [{ dtype, shape: image }];
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: dtype };
  },
  operations(spec) {
    const [height, width] = spec.attributes.kernel;
    return size(poolGradShapes(spec).pooled) * height * width;
  },
  tolerance(spec) {
    const { dtype } = input(spec);
    // An element lies in as many windows as a window has elements, at most.
    return sumOf(size(spec.attributes.kernel), isFloat(dtype) ? dtype : "float32");
  },
};
