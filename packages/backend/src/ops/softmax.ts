/** softmax: exp(x - max) / sum along one axis, or its logarithm (ONNX Softmax and LogSoftmax from opset 13). */
import { ulps } from "../tolerance.ts";
import { check, checkDtype, checkInputCount, input, type OpDefinition, size } from "./definition.ts";

export interface SoftmaxAttributes {
  /** Non-negative. */
  readonly axis: number;
  readonly log?: boolean;
}

export const softmax: OpDefinition<"softmax"> = {
  op: "softmax",
  summary: "softmax or log-softmax along an axis",
  onnx: ["Softmax", "LogSoftmax"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    const { axis } = spec.attributes;
    checkDtype(spec, "inputs[0].dtype", dtype, ["float32", "float16", "bfloat16", "float64"]);
    check(
      Number.isInteger(axis) && axis >= 0 && axis < shape.length,
      spec,
      "attributes.axis",
      `must be 0 to ${shape.length - 1}`,
    );
    return [{ dtype, shape }];
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: dtype };
  },
  operations: (spec) => 5 * size(input(spec).shape),
  tolerance(spec) {
    const { shape } = input(spec);
    const length = shape[spec.attributes.axis] ?? 1;
    return spec.attributes.log ? ulps(8, (length + 40) * 2 ** -22) : ulps(length + 48, 2 ** -32);
  },
};
