/** matmul: the product of two activations, batched with broadcasting (ONNX MatMul, MatMulInteger, QLinearMatMul). */
import type { DType, TensorType } from "@bitbudget/core";
import type { KernelSpec } from "../spec.ts";
import { exact, sumOf } from "../tolerance.ts";
import { broadcastShapes } from "./broadcast.ts";
import { check, checkDtype, checkInputCount, input, isFloat, type OpDefinition, size } from "./definition.ts";

export interface MatmulAttributes {
  /** Read a as [..., K, M], b as [..., N, K]. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** A float; or, for uint8/int8 inputs, int32 (raw sums), float32 (scaled) or uint8/int8 (requantized). */
  readonly output: DType;
}

/** Scalars of 8-bit inputs and outputs. */
export type MatmulWeights =
  | "aScale"
  | "aZeroPoint"
  | "bScale"
  | "bZeroPoint"
  | "outputScale"
  | "outputZeroPoint";

export interface MatmulSize {
  readonly batch: readonly number[];
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

export function matmulSize(spec: KernelSpec<"matmul">): MatmulSize {
  const a = input(spec, 0).shape;
  const b = input(spec, 1).shape;
  check(a.length >= 2 && b.length >= 2, spec, "inputs", "need at least two dimensions each");
  const [m = 0, k = 0] = spec.attributes.transposeA ? [a.at(-1), a.at(-2)] : [a.at(-2), a.at(-1)];
  const [depth = 0, n = 0] = spec.attributes.transposeB ? [b.at(-1), b.at(-2)] : [b.at(-2), b.at(-1)];
  check(k === depth, spec, "inputs", `have inner dimensions ${k} and ${depth}, which must be equal`);
  return { batch: broadcastShapes(spec, a.slice(0, -2), b.slice(0, -2)), m, k, n };
}

const floats: readonly DType[] = ["float64", "float32", "float16", "bfloat16"];
const bytes: readonly DType[] = ["int8", "uint8"];

export const matmul: OpDefinition<"matmul"> = {
  op: "matmul",
  summary: "product of two activations, batched",
  onnx: ["MatMul", "Gemm", "MatMulInteger", "QLinearMatMul"],
  outputs(spec) {
    checkInputCount(spec, 2);
    const { output } = spec.attributes;
    const a = input(spec, 0);
    const b = input(spec, 1);
    if (isFloat(a.dtype)) {
      checkDtype(spec, "inputs[0].dtype", a.dtype, floats);
      check(b.dtype === a.dtype, spec, "inputs[1].dtype", `must be ${a.dtype} like the first`);
      check(output === a.dtype, spec, "attributes.output", `must be ${a.dtype} like the inputs`);
    } else {
      checkDtype(spec, "inputs[0].dtype", a.dtype, bytes);
      checkDtype(spec, "inputs[1].dtype", b.dtype, bytes);
      checkDtype(spec, "attributes.output", output, ["int32", "float32", ...bytes]);
    }
    const { batch, m, n } = matmulSize(spec);
    return [{ dtype: output, shape: [...batch, m, n] }];
  },
  weights(spec) {
    const { output } = spec.attributes;
    const a = input(spec, 0).dtype;
    const b = input(spec, 1).dtype;
    if (isFloat(a)) return {};
    const of = (dtype: DType): TensorType => ({ dtype, shape: [] });
    const zeroPoints = { aZeroPoint: of(a), bZeroPoint: of(b) };
    if (output === "int32") return zeroPoints;
    const scales = { aScale: of("float32"), bScale: of("float32") };
    if (isFloat(output)) return { ...zeroPoints, ...scales };
    return { ...zeroPoints, ...scales, outputScale: of("float32"), outputZeroPoint: of(output) };
  },
  operands(spec) {
    // Two activations: the second stands where other ops have their weight.
    const b = input(spec, 1).dtype;
    return {
      activation: input(spec, 0).dtype,
      ...(isFloat(b) ? {} : { weight: `${b} tensor` as const }),
      output: spec.attributes.output,
    };
  },
  operations(spec) {
    const { batch, m, k, n } = matmulSize(spec);
    return 2 * size(batch) * m * k * n;
  },
  tolerance(spec) {
    const { output } = spec.attributes;
    if (!isFloat(output)) return exact;
    return sumOf(isFloat(input(spec).dtype) ? matmulSize(spec).k : 2, output);
  },
};
