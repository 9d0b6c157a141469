/** resize: nearest, linear and cubic interpolation in every mode of ONNX Resize (opset 19). */
import { exact } from "../tolerance.ts";
import {
  check,
  checkDtype,
  checkInputCount,
  input,
  isPositiveInteger,
  type OpDefinition,
  size,
} from "./definition.ts";

export interface ResizeAttributes {
  /** Shape of the output. */
  readonly sizes: readonly number[];
  /** Scale of each axis as the coordinates use it; default: output length over input length. */
  readonly scales?: readonly number[];
  readonly mode: "nearest" | "linear" | "cubic";
  readonly coordinates:
    | "half_pixel"
    | "half_pixel_symmetric"
    | "pytorch_half_pixel"
    | "align_corners"
    | "asymmetric"
    | "tf_crop_and_resize";
  /** For tf_crop_and_resize: all starts, then all ends, relative to the length of each axis. */
  readonly roi?: readonly number[];
  /** How nearest rounds. Default round_prefer_floor. */
  readonly nearest?: "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil";
  /** The parameter a of the cubic kernel (Keys 1981). Default -0.75. */
  readonly cubicA?: number;
  /** Leave taps outside of the image out and renormalize, instead of repeating the edge. */
  readonly excludeOutside?: boolean;
  /** Value where tf_crop_and_resize reads outside of the image. Default 0. */
  readonly extrapolation?: number;
  /** Stretch the kernel when shrinking, so that every input counts. */
  readonly antialias?: boolean;
}

export const resize: OpDefinition<"resize"> = {
  op: "resize",
  summary: "interpolation to another size",
  onnx: ["Resize", "Upsample"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    const { sizes, scales, roi, mode, coordinates } = spec.attributes;
    const numbers = ["float32", "float16", "bfloat16", "float64"] as const;
    checkDtype(
      spec,
      "inputs[0].dtype",
      dtype,
      mode === "nearest" ? [...numbers, "int8", "uint8", "int32"] : numbers,
    );
    const rank = shape.length;
    check(
      sizes.length === rank && sizes.every(isPositiveInteger),
      spec,
      "attributes.sizes",
      `must be ${rank} positive integers`,
    );
    check(shape.every(isPositiveInteger), spec, "inputs[0].shape", "must not be empty");
    const sound =
      scales === undefined ||
      (scales.length === rank && scales.every((scale) => scale > 0 && scale < Number.POSITIVE_INFINITY));
    check(sound, spec, "attributes.scales", `must be ${rank} positive numbers`);
    check(
      coordinates !== "tf_crop_and_resize" || roi?.length === 2 * rank,
      spec,
      "attributes.roi",
      `must be ${2 * rank} numbers for tf_crop_and_resize`,
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
  // Taps and their weights come from resizeTaps, which every backend shares; what is left are short sums.
  tolerance: (spec) => (spec.attributes.mode === "nearest" ? exact : { ulp: 32, of: "magnitude" }),
};
