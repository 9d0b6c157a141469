/** transpose, concat, gather, pad: ops that move elements and compute nothing, on every format of whole bytes. */
import { type DType, dtypes } from "@bitbudget/core";
import type { KernelSpec } from "../spec.ts";
import { exact } from "../tolerance.ts";
import { check, checkDtype, checkInputCount, input, type OpDefinition } from "./definition.ts";

export interface TransposeAttributes {
  /** Output axis i is input axis perm[i]. */
  readonly perm: readonly number[];
}
export interface ConcatAttributes {
  readonly axis: number;
}
export interface GatherAttributes {
  /**
   * Axis of the data (first input) that the indices (second input, int32) select from; negative ones count from the end.
   * An index out of range is an IndexError where the kernel runs on the host.
   */
  readonly axis: number;
}
export interface PadAttributes {
  /** Elements added before and after each axis; negative numbers remove, before anything is added (ONNX Pad). */
  readonly pads: readonly (readonly [before: number, after: number])[];
  readonly mode: "constant" | "reflect" | "edge" | "wrap";
  /** Of the new elements in constant mode, rounded and saturated to the format of the input. Default 0. */
  readonly value?: number;
}

const moved = {
  operations: () => 0,
  tolerance: () => exact,
  operands(spec: KernelSpec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: dtype };
  },
};

export function checkWholeBytes(spec: KernelSpec, dtype: DType): void {
  check(dtypes[dtype].bits >= 8, spec, "inputs[0].dtype", `must have whole bytes; unpack ${dtype} first`);
}

function checkAxis(spec: KernelSpec, axis: number, rank: number): void {
  check(
    Number.isInteger(axis) && axis >= 0 && axis < rank,
    spec,
    "attributes.axis",
    `must be 0 to ${rank - 1}, not ${axis}`,
  );
}

export const transpose: OpDefinition<"transpose"> = {
  op: "transpose",
  summary: "axes in another order",
  onnx: ["Transpose"],
  ...moved,
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    const { perm } = spec.attributes;
    checkWholeBytes(spec, dtype);
    const sorted = [...perm].sort((a, b) => a - b);
    const isPermutation = perm.length === shape.length && sorted.every((axis, i) => axis === i);
    check(isPermutation, spec, "attributes.perm", `must name each of ${shape.length} axes once`);
    return [{ dtype, shape: perm.map((axis) => shape[axis] ?? 0) }];
  },
};

export const concat: OpDefinition<"concat"> = {
  op: "concat",
  summary: "tensors joined along an axis",
  onnx: ["Concat"],
  ...moved,
  outputs(spec) {
    checkInputCount(spec, 1, Number.POSITIVE_INFINITY);
    const { dtype, shape } = input(spec);
    const { axis } = spec.attributes;
    checkWholeBytes(spec, dtype);
    checkAxis(spec, axis, shape.length);
    let length = 0;
    for (const [i, other] of spec.inputs.entries()) {
      const fits =
        other.dtype === dtype &&
        other.shape.length === shape.length &&
        other.shape.every((dimension, k) => k === axis || dimension === shape[k]);
      check(
        fits,
        spec,
        `inputs[${i}]`,
        `must equal the first in dtype and in every dimension but axis ${axis}`,
      );
      length += other.shape[axis] ?? 0;
    }
    return [{ dtype, shape: shape.map((dimension, k) => (k === axis ? length : dimension)) }];
  },
};

export const gather: OpDefinition<"gather"> = {
  op: "gather",
  summary: "slices picked by index",
  onnx: ["Gather"],
  ...moved,
  outputs(spec) {
    checkInputCount(spec, 2);
    const data = input(spec, 0);
    const indices = input(spec, 1);
    const { axis } = spec.attributes;
    checkWholeBytes(spec, data.dtype);
    checkDtype(spec, "inputs[1].dtype", indices.dtype, ["int32"]);
    checkAxis(spec, axis, data.shape.length);
    return [
      {
        dtype: data.dtype,
        shape: [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)],
      },
    ];
  },
};

export const pad: OpDefinition<"pad"> = {
  op: "pad",
  summary: "elements added around a tensor, or removed",
  onnx: ["Pad"],
  ...moved,
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    const { pads, mode, value } = spec.attributes;
    checkWholeBytes(spec, dtype);
    check(
      ["constant", "reflect", "edge", "wrap"].includes(mode),
      spec,
      "attributes.mode",
      `is unknown: ${mode}`,
    );
    check(
      pads.length === shape.length && pads.flat().every(Number.isSafeInteger),
      spec,
      "attributes.pads",
      `must be two integers for each of ${shape.length} axes`,
    );
    check(
      value === undefined || typeof value === "number",
      spec,
      "attributes.value",
      `must be a number, not ${String(value)}`,
    );
    const padded = shape.map((dimension, axis) => {
      const [before, after] = pads[axis] ?? [0, 0];
      const length = dimension + before + after;
      const sources = dimension + Math.min(0, before) + Math.min(0, after);
      check(sources >= 0, spec, "attributes.pads", `remove more than axis ${axis} has`);
      // Every mode but constant copies elements: there must be some, and reflect needs a neighbour.
      const added = mode !== "constant" && (before > 0 || after > 0);
      check(
        !added || sources >= (mode === "reflect" ? 2 : 1),
        spec,
        "attributes.pads",
        `have too little to copy from on axis ${axis}`,
      );
      return length;
    });
    return [{ dtype, shape: padded }];
  },
};
