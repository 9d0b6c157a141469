/** resize: nearest, linear and cubic interpolation in every mode of ONNX Resize (opset 19). */
import { resizeTerms } from "../resize-taps.ts";
import type { KernelSpec } from "../spec.ts";
import { exact, sumOf } from "../tolerance.ts";
import { check, checkDtype, checkInputCount, input, isFloat, type OpDefinition, size } from "./definition.ts";

/** Values of `mode` in ONNX Resize. */
export const resizeModes = ["nearest", "linear", "cubic"] as const;
/** Values of `coordinate_transformation_mode`. */
export const resizeCoordinates = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "tf_crop_and_resize",
] as const;
/** Values of `nearest_mode`. */
export const resizeRoundings = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"] as const;

export interface ResizeAttributes {
  /** Shape of the output. */
  readonly sizes: readonly number[];
  /**
   * Scale of each axis as the coordinates use it; default: output length over input length, exactly. With align_corners
   * a scale stands for the unrounded length of the output, scale times input length, as in ONNX's reference
   * implementation (onnxruntime takes the rounded length: leave scales out for its results). tf_crop_and_resize has no
   * use for scales.
   */
  readonly scales?: readonly number[];
  readonly mode: (typeof resizeModes)[number];
  readonly coordinates: (typeof resizeCoordinates)[number];
  /** For tf_crop_and_resize: all starts, then all ends, relative to the length of each axis. */
  readonly roi?: readonly number[];
  /** How nearest rounds. Default round_prefer_floor. */
  readonly nearest?: (typeof resizeRoundings)[number];
  /** The parameter a of the cubic kernel (Keys 1981). Default -0.75. */
  readonly cubicA?: number;
  /** Leave what lies outside of the image out and renormalize, instead of repeating the edge. */
  readonly excludeOutside?: boolean;
  /** Value where tf_crop_and_resize reads outside of the image. Default 0. */
  readonly extrapolation?: number;
  /** Stretch the kernel when shrinking, so that every input counts. */
  readonly antialias?: boolean;
}

const numbers = ["float32", "float16", "bfloat16", "float64"] as const;

export const resize: OpDefinition<"resize"> = {
  op: "resize",
  summary: "interpolation to another size",
  onnx: ["Resize", "Upsample"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    const { sizes, scales, roi, mode, coordinates, nearest, cubicA, extrapolation } = spec.attributes;
    const rank = shape.length;
    check(resizeModes.includes(mode), spec, "attributes.mode", `is unknown: ${mode}`);
    check(
      resizeCoordinates.includes(coordinates),
      spec,
      "attributes.coordinates",
      `is unknown: ${coordinates}`,
    );
    check(
      nearest === undefined || resizeRoundings.includes(nearest),
      spec,
      "attributes.nearest",
      `is unknown: ${nearest}`,
    );
    check(cubicA === undefined || Number.isFinite(cubicA), spec, "attributes.cubicA", "must be finite");
    check(
      extrapolation === undefined || typeof extrapolation === "number",
      spec,
      "attributes.extrapolation",
      "must be a number",
    );
    checkDtype(
      spec,
      "inputs[0].dtype",
      dtype,
      mode === "nearest" ? [...numbers, "int8", "uint8", "int32"] : numbers,
    );
    check(
      sizes.length === rank &&
        sizes.every(
          (size, axis) => Number.isSafeInteger(size) && size >= 0 && (size === 0 || shape[axis] !== 0),
        ),
      spec,
      "attributes.sizes",
      `must be ${rank} non-negative integers, 0 where the input's are`,
    );
    // Scales that do not make the sizes would read far outside of the image.
    check(
      scales === undefined ||
        (scales.length === rank && scales.every((scale, axis) => fits(scale, axis, spec))),
      spec,
      "attributes.scales",
      `must be ${rank} positive numbers that make the sizes, up to rounding`,
    );
    check(
      coordinates !== "tf_crop_and_resize" || (roi?.length === 2 * rank && roi.every(Number.isFinite)),
      spec,
      "attributes.roi",
      `must be ${2 * rank} finite numbers for tf_crop_and_resize`,
    );
    return [{ dtype, shape: sizes }];
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: dtype };
  },
  operations(spec) {
    const taps = { nearest: 0, linear: 4, cubic: 32 }[spec.attributes.mode];
    return taps * size(spec.attributes.sizes);
  },
  // Taps and their weights come from resizeTaps, which every backend shares. What is left: weights rounded to float32,
  // and a sum for each axis.
  tolerance(spec) {
    const { dtype } = input(spec);
    if (spec.attributes.mode === "nearest" || !isFloat(dtype)) return exact;
    return sumOf(resizeTerms(spec) + 2 * spec.attributes.sizes.length, dtype);
  },
};

/** Whether a scale makes the size of the axis: rounded down, or to nearest. */
function fits(scale: number, axis: number, { inputs, attributes }: KernelSpec<"resize">): boolean {
  if (attributes.coordinates === "tf_crop_and_resize") return true;
  const size = attributes.sizes[axis] ?? 0;
  const exactly = scale * (inputs[0]?.shape[axis] ?? 0);
  return scale > 0 && Math.abs(exactly - size) <= 1 && exactly >= size / 2;
}
