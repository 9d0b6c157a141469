/** scatterAdd: slices added up at their indices, the transpose of gather: its gradient. */
import { sumOf } from "../tolerance.ts";
import { check, checkDtype, checkInputCount, input, isFloat, type OpDefinition, size } from "./definition.ts";

export interface ScatterAddAttributes {
  /**
   * Axis of the result that the indices (first input, int32 or int64, of any shape) point into; negative ones count from
   * the end. In the updates (second input) the axes of the indices stand in its place. An index out of range is an
   * IndexError where the kernel runs on the host.
   */
  readonly axis: number;
  /** Length of that axis. What no index points at is 0. */
  readonly size: number;
}

export const scatterAdd: OpDefinition<"scatterAdd"> = {
  op: "scatterAdd",
  summary: "slices added up by index",
  onnx: [],
  outputs(spec) {
    checkInputCount(spec, 2);
    const [indices, updates] = [input(spec, 0), input(spec, 1)];
    const { axis, size: length } = spec.attributes;
    checkDtype(spec, "inputs[0].dtype", indices.dtype, ["int32", "int64"]);
    checkDtype(spec, "inputs[1].dtype", updates.dtype, ["float32", "float64"]);
    const rank = updates.shape.length - indices.shape.length + 1;
    check(
      Number.isInteger(axis) && axis >= 0 && axis < rank,
      spec,
      "attributes.axis",
      `must be 0 to ${rank - 1}, not ${axis}`,
    );
    check(
      indices.shape.every((dimension, i) => updates.shape[axis + i] === dimension),
      spec,
      "inputs[1].shape",
      `must have the indices' shape [${indices.shape.join(", ")}] from axis ${axis} on`,
    );
    check(
      Number.isSafeInteger(length) && length >= 0,
      spec,
      "attributes.size",
      "must be an integer of at least 0",
    );
    const after = updates.shape.slice(axis + indices.shape.length);
    return [{ dtype: updates.dtype, shape: [...updates.shape.slice(0, axis), length, ...after] }];
  },
  operands(spec) {
    const { dtype } = input(spec, 1);
    return { activation: dtype, output: dtype };
  },
  operations: (spec) => size(input(spec, 1).shape),
  tolerance(spec) {
    const { dtype } = input(spec, 1);
    // All indices may be the same.
    return sumOf(size(input(spec, 0).shape), isFloat(dtype) ? dtype : "float32");
  },
};
