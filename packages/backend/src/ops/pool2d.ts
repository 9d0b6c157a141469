/** pool2d: the maximum or average of sliding windows (ONNX MaxPool, AveragePool and their global forms). */
import { exact, sumOf } from "../tolerance.ts";
import { check, checkDtype, checkInputCount, input, isFloat, type OpDefinition } from "./definition.ts";
import { checkPoolPads, imageShape, type WindowAttributes, windowOutput } from "./window.ts";

export interface Pool2dAttributes extends WindowAttributes {
  readonly kind: "max" | "average";
  /** Round the output size up: windows may hang over the padded end. */
  readonly ceil?: boolean;
  /** Average over the padding too, as zeros; what hangs over the padding never counts. */
  readonly countIncludePad?: boolean;
}

export const pool2d: OpDefinition<"pool2d"> = {
  op: "pool2d",
  summary: "maximum or average of sliding windows",
  onnx: ["MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const type = input(spec);
    const { kind, ceil, layout } = spec.attributes;
    check(kind === "max" || kind === "average", spec, "attributes.kind", "must be max or average");
    const numbers = ["float32", "float16", "bfloat16", "float64"] as const;
    checkDtype(spec, "inputs[0].dtype", type.dtype, kind === "max" ? [...numbers, "int8", "uint8"] : numbers);
    const { image, height, width } = windowOutput(spec, type, ceil);
    checkPoolPads(spec, spec.attributes);
    return [{ dtype: type.dtype, shape: imageShape({ ...image, height, width }, layout) }];
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: dtype };
  },
  operations(spec) {
    const { image, height, width } = windowOutput(spec, input(spec), spec.attributes.ceil);
    return (
      image.batch * image.channels * height * width * spec.attributes.kernel[0] * spec.attributes.kernel[1]
    );
  },
  tolerance(spec) {
    const { dtype } = input(spec);
    const { kind, kernel } = spec.attributes;
    if (kind === "max" || !isFloat(dtype)) return exact;
    return sumOf(kernel[0] * kernel[1], dtype);
  },
};
