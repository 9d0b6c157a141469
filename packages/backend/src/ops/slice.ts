/** slice and expand: a tensor read at some of its positions, or at some of them again and again. */
import { exact } from "../tolerance.ts";
import { broadcastShapes } from "./broadcast.ts";
import { check, checkInputCount, input, type OpDefinition } from "./definition.ts";
import { checkWholeBytes } from "./layout.ts";

/** For each axis: the first position, the distance to the next (not 0, may be negative), and how many. */
export interface SliceAttributes {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly sizes: readonly number[];
}

export interface ExpandAttributes {
  /** Shape of the output, to which the input broadcasts. */
  readonly shape: readonly number[];
}

export const slice: OpDefinition<"slice"> = {
  op: "slice",
  summary: "some positions of each axis",
  onnx: ["Slice", "Split"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    const { starts, steps, sizes } = spec.attributes;
    checkWholeBytes(spec, dtype);
    for (const [field, list] of Object.entries({ starts, steps, sizes }))
      check(
        list.length === shape.length && list.every(Number.isSafeInteger),
        spec,
        `attributes.${field}`,
        `must be an integer for each of ${shape.length} axes`,
      );
    for (const [axis, length] of shape.entries()) {
      const [start = 0, step = 1, count = 0] = [starts[axis], steps[axis], sizes[axis]];
      const last = start + (count - 1) * step;
      check(step !== 0, spec, `attributes.steps[${axis}]`, "must not be 0");
      check(
        count === 0 || (count > 0 && Math.min(start, last) >= 0 && Math.max(start, last) < length),
        spec,
        `attributes.sizes[${axis}]`,
        `of ${count} from ${start} in steps of ${step} leaves the axis of length ${length}`,
      );
    }
    return [{ dtype, shape: sizes }];
  },
  operands: (spec) => ({ activation: input(spec).dtype, output: input(spec).dtype }),
  operations: () => 0,
  tolerance: () => exact,
};

export const expand: OpDefinition<"expand"> = {
  op: "expand",
  summary: "broadcast to a larger shape",
  onnx: ["Expand"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    const to = spec.attributes.shape;
    checkWholeBytes(spec, dtype);
    const reached = broadcastShapes(spec, shape, to);
    check(
      reached.length === to.length && reached.every((length, axis) => length === to[axis]),
      spec,
      "attributes.shape",
      `[${to.join(", ")}] is not one that [${shape.join(", ")}] broadcasts to`,
    );
    return [{ dtype, shape: to }];
  },
  operands: (spec) => ({ activation: input(spec).dtype, output: input(spec).dtype }),
  operations: () => 0,
  tolerance: () => exact,
};
