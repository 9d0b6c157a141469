/** quantize, dequantize and requantize: between numbers and codes (ONNX QuantizeLinear, DequantizeLinear). */
import { type DType, dtypes, type Granularity, type TensorType } from "@bitbudget/core";
import type { KernelSpec } from "../spec.ts";
import { exact, ulps } from "../tolerance.ts";
import {
  check,
  checkDtype,
  checkInputCount,
  input,
  isPositiveInteger,
  type OpDefinition,
  size,
} from "./definition.ts";

export interface QuantizeAttributes {
  /** Format of the codes. Float8 and float4 codes have no zero point. */
  readonly dtype: DType;
  readonly granularity: Granularity;
  readonly zeroPoint?: boolean;
}

export interface DequantizeAttributes {
  readonly output: DType;
  readonly granularity: Granularity;
  readonly zeroPoint?: boolean;
}

export interface RequantizeAttributes {
  readonly dtype: DType;
  /** Of `scale`, which is input scale over output scale. */
  readonly granularity: Granularity;
}

/** scale and zeroPoint: [], [length of the axis], or the input's shape with the axis divided by the block. */
export type QuantizeWeights = "scale" | "zeroPoint";
export type RequantizeWeights = "scale" | "inputZeroPoint" | "zeroPoint";

const floats: readonly DType[] = ["float32", "float16", "bfloat16", "float64"];
const codes: readonly DType[] = [
  "int16",
  "uint16",
  "int8",
  "uint8",
  "int4",
  "uint4",
  "int2",
  "uint2",
  "float8_e4m3fn",
  "float8_e5m2",
  "float8_e4m3fnuz",
  "float8_e5m2fnuz",
  "float4_e2m1",
];

/** Shape of the scales of a tensor. The axis may be negative. */
export function scaleShape(spec: KernelSpec, shape: readonly number[], granularity: Granularity): number[] {
  if (granularity.kind === "tensor") return [];
  const field = "attributes.granularity";
  const axis = granularity.axis < 0 ? granularity.axis + shape.length : granularity.axis;
  const length = shape[axis];
  check(
    Number.isInteger(axis) && length !== undefined,
    spec,
    `${field}.axis`,
    `must be an axis of ${shape.length} dimensions`,
  );
  if (granularity.kind === "channel") return [length];
  check(isPositiveInteger(granularity.size), spec, `${field}.size`, "must be a positive integer");
  check(
    granularity.partial === true || length % granularity.size === 0,
    spec,
    `${field}.size`,
    `${granularity.size} does not divide axis ${axis} of length ${length}; set partial to allow a shorter last block`,
  );
  return shape.map((dimension, i) => (i === axis ? Math.ceil(dimension / granularity.size) : dimension));
}

function checkZeroPoint(spec: KernelSpec<"quantize"> | KernelSpec<"dequantize">, dtype: DType): void {
  check(
    spec.attributes.zeroPoint !== true || dtypes[dtype].kind === "integer",
    spec,
    "attributes.zeroPoint",
    `does not apply to codes of ${dtype}`,
  );
}

function scaleTypes(
  spec: KernelSpec<"quantize"> | KernelSpec<"dequantize">,
  dtype: DType,
): { [W in QuantizeWeights]?: TensorType } {
  const shape = scaleShape(spec, input(spec).shape, spec.attributes.granularity);
  const scale: TensorType = { dtype: "float32", shape };
  return spec.attributes.zeroPoint === true ? { scale, zeroPoint: { dtype, shape } } : { scale };
}

export const quantize: OpDefinition<"quantize"> = {
  op: "quantize",
  summary: "numbers to codes, affine",
  onnx: ["QuantizeLinear"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    checkDtype(spec, "inputs[0].dtype", dtype, floats);
    checkDtype(spec, "attributes.dtype", spec.attributes.dtype, codes);
    checkZeroPoint(spec, spec.attributes.dtype);
    scaleShape(spec, shape, spec.attributes.granularity);
    return [{ dtype: spec.attributes.dtype, shape }];
  },
  weights: (spec) => scaleTypes(spec, spec.attributes.dtype),
  operands: (spec) => ({ activation: input(spec).dtype, output: spec.attributes.dtype }),
  operations: (spec) => 4 * size(input(spec).shape),
  tolerance: () => exact,
};

export const dequantize: OpDefinition<"dequantize"> = {
  op: "dequantize",
  summary: "codes to numbers, affine",
  onnx: ["DequantizeLinear"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    checkDtype(spec, "inputs[0].dtype", dtype, [...codes, "int32"]);
    checkDtype(spec, "attributes.output", spec.attributes.output, floats);
    checkZeroPoint(spec, dtype);
    scaleShape(spec, shape, spec.attributes.granularity);
    return [{ dtype: spec.attributes.output, shape }];
  },
  weights: (spec) => scaleTypes(spec, input(spec).dtype),
  operands: (spec) => ({ activation: input(spec).dtype, output: spec.attributes.output }),
  operations: (spec) => 2 * size(input(spec).shape),
  // One product of two float32 numbers, rounded once; a second rounding where the output is narrower.
  tolerance: (spec) => (spec.attributes.output === "float32" ? exact : ulps(1)),
};

export const requantize: OpDefinition<"requantize"> = {
  op: "requantize",
  summary: "codes or int32 sums to codes of another scale",
  onnx: ["QuantizeLinear after DequantizeLinear"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    checkDtype(spec, "inputs[0].dtype", dtype, ["int32", "int8", "uint8"]);
    checkDtype(spec, "attributes.dtype", spec.attributes.dtype, ["int8", "uint8"]);
    check(
      spec.attributes.granularity.kind !== "block",
      spec,
      "attributes.granularity",
      "must be tensor or channel",
    );
    scaleShape(spec, shape, spec.attributes.granularity);
    return [{ dtype: spec.attributes.dtype, shape }];
  },
  weights(spec) {
    const { dtype, shape } = input(spec);
    return {
      scale: { dtype: "float32", shape: scaleShape(spec, shape, spec.attributes.granularity) },
      inputZeroPoint: { dtype, shape: [] },
      zeroPoint: { dtype: spec.attributes.dtype, shape: [] },
    };
  },
  operands: (spec) => ({ activation: input(spec).dtype, output: spec.attributes.dtype }),
  operations: (spec) => 4 * size(input(spec).shape),
  tolerance: () => exact,
};
