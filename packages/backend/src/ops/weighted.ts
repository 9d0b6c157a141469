/**
 * What linear and conv2d share: a matrix product of activations with constant weights, in one of four arithmetics.
 *
 *   float        float x float                       sum of products
 *   weight-only  float x integer codes               codes become floats as they are used
 *   static       uint8/int8 x integer codes          int32 sums, scales known in advance, optional requantization
 *   dynamic      float quantized on the fly x codes  int32 sums, float output
 *
 * `channels` is the number of outputs per position (N of a linear, filters of a convolution), `depth` the length of
 * one sum (K, or input channels of a group times the kernel's area). docs/numerics.md has the formulas.
 */
import { type DType, dtypes, type TensorType } from "@bitbudget/core";
import type { Operand, Operands, WeightOperand } from "../capability.ts";
import type { KernelSpec } from "../spec.ts";
import { exact, sumOf, type Tolerance } from "../tolerance.ts";
import { check, checkDtype, isFloat, isPositiveInteger } from "./definition.ts";
import { checkUnaryFunction, type UnaryFunction } from "./unary.ts";

export type WeightGranularity =
  | { readonly kind: "tensor" }
  /** One scale for each output channel. */
  | { readonly kind: "channel" }
  /** One scale for `size` consecutive weights of a channel; the last block of a channel may be shorter. */
  | { readonly kind: "block"; readonly size: number };

export interface WeightFormat {
  readonly dtype: DType;
  /** For integer codes only. */
  readonly granularity?: WeightGranularity;
  /** Whether codes have zero points, one beside each scale. */
  readonly zeroPoint?: boolean;
}

/**
 * Activations quantized by the kernel while it runs.
 * uint8 tensor: ONNX DynamicQuantizeLinear. int8 row, int8 block: symmetric, scale = max|x| / 127 over a row of the
 * input, or over each block of the weights' size (MatMulNBits with accuracy_level 4).
 */
export type DynamicQuantization =
  | { readonly dtype: "uint8"; readonly granularity: "tensor" }
  | { readonly dtype: "int8"; readonly granularity: "row" | "block" };

export interface WeightedAttributes {
  readonly weight: WeightFormat;
  readonly output: DType;
  /** Format of the bias, where there is one: float32, or int32 in units of input scale times weight scale. */
  readonly bias?: "float32" | "int32";
  /** Applied to the sum. With integer outputs only the clamps: relu and clip. */
  readonly activation?: UnaryFunction;
  readonly dynamic?: DynamicQuantization;
}

/**
 * weight: codes or floats. scale, zeroPoint: of the weights, [] or [channels] or [channels, blocks].
 * inputScale, inputZeroPoint, outputScale, outputZeroPoint: scalars of static activations.
 */
export type WeightedWeights =
  | "weight"
  | "scale"
  | "zeroPoint"
  | "bias"
  | "inputScale"
  | "inputZeroPoint"
  | "outputScale"
  | "outputZeroPoint";

export type WeightedSpec = KernelSpec<"linear"> | KernelSpec<"conv2d">;

export type WeightedArithmetic = "float" | "weight-only" | "static" | "dynamic";

export function weightedArithmetic(spec: WeightedSpec): WeightedArithmetic {
  const { weight, dynamic } = spec.attributes;
  if (dynamic !== undefined) return "dynamic";
  const activation = spec.inputs[0]?.dtype ?? "float32";
  if (!isFloat(activation)) return "static";
  return isFloat(weight.dtype) ? "float" : "weight-only";
}

const floats: readonly DType[] = ["float32", "float16", "bfloat16", "float64"];
const codes: readonly DType[] = ["int8", "uint8", "int4", "uint4", "int2", "uint2"];
const bytes: readonly DType[] = ["int8", "uint8"];

/** Checks everything that does not depend on the geometry of the op. */
export function checkWeighted(spec: WeightedSpec): void {
  const { weight, output, bias, activation, dynamic } = spec.attributes;
  const activationType = spec.inputs[0]?.dtype ?? "float32";
  const arithmetic = weightedArithmetic(spec);
  const { granularity } = weight;
  const coded = arithmetic !== "float";
  checkChoices(spec);
  checkDtype(spec, "attributes.weight.dtype", weight.dtype, coded ? codes : floats);
  check(
    coded === (granularity !== undefined) || (output === "int32" && arithmetic === "static"),
    spec,
    "attributes.weight.granularity",
    coded ? "is needed for integer codes" : "does not apply to float weights",
  );
  check(
    coded || weight.zeroPoint !== true,
    spec,
    "attributes.weight.zeroPoint",
    "does not apply to float weights",
  );
  if (activation !== undefined) checkUnaryFunction(spec, "attributes.activation", activation);

  if (arithmetic !== "static") {
    checkDtype(spec, "inputs[0].dtype", activationType, floats);
    checkDtype(spec, "attributes.output", output, floats);
    check(bias !== "int32", spec, "attributes.bias", "must be float32 where sums are floats");
    if (dynamic?.granularity === "block")
      check(
        granularity?.kind === "block",
        spec,
        "attributes.dynamic.granularity",
        "block needs weights in blocks",
      );
    return;
  }
  checkDtype(spec, "inputs[0].dtype", activationType, bytes);
  checkDtype(spec, "attributes.output", output, [...bytes, "int32", "float32", "float16"]);
  check(
    granularity?.kind !== "block" || bias !== "int32",
    spec,
    "attributes.bias",
    "must be float32 with weights in blocks: a block has no unit of its own for it",
  );
  if (isFloat(output)) return;
  check(
    granularity?.kind !== "block",
    spec,
    "attributes.weight.granularity",
    "in blocks needs a float output",
  );
  check(bias !== "float32", spec, "attributes.bias", "must be int32 where outputs are integers");
  const clamps = activation === undefined || activation.fn === "relu" || activation.fn === "clip";
  check(
    clamps && (output !== "int32" || activation === undefined),
    spec,
    "attributes.activation",
    output === "int32" ? "does not apply to raw int32 sums" : "of an integer output must be relu or clip",
  );
}

/** Checks what is a choice from a list: a spec may come out of a file. */
function checkChoices(spec: WeightedSpec): void {
  const { weight, bias, dynamic } = spec.attributes;
  const { granularity } = weight;
  check(
    granularity === undefined || ["tensor", "channel", "block"].includes(granularity.kind),
    spec,
    "attributes.weight.granularity.kind",
    "must be tensor, channel or block",
  );
  if (granularity?.kind === "block")
    check(
      isPositiveInteger(granularity.size),
      spec,
      "attributes.weight.granularity.size",
      "must be a positive integer",
    );
  check(
    bias === undefined || bias === "float32" || bias === "int32",
    spec,
    "attributes.bias",
    "must be float32 or int32",
  );
  check(
    dynamic === undefined ||
      ["uint8 tensor", "int8 row", "int8 block"].includes(`${dynamic.dtype} ${dynamic.granularity}`),
    spec,
    "attributes.dynamic",
    "must be uint8 by tensor, or int8 by row or block",
  );
}

/** Types of the weights for `channels` sums of `depth` terms; `shape` is that of the weight tensor. */
export function weightedWeights(
  spec: WeightedSpec,
  shape: readonly number[],
  channels: number,
  depth: number,
): { [W in WeightedWeights]?: TensorType } {
  const { weight, output, bias } = spec.attributes;
  const arithmetic = weightedArithmetic(spec);
  const scalar: readonly number[] = [];
  const scaleShape =
    weight.granularity === undefined || weight.granularity.kind === "tensor"
      ? scalar
      : weight.granularity.kind === "channel"
        ? [channels]
        : [channels, blockCount(depth, weight.granularity.size)];
  const types: { [W in WeightedWeights]?: TensorType } = { weight: { dtype: weight.dtype, shape } };
  const rawSums = output === "int32";
  if (arithmetic !== "float" && !rawSums) types.scale = { dtype: "float32", shape: scaleShape };
  if (weight.zeroPoint === true) types.zeroPoint = { dtype: weight.dtype, shape: scaleShape };
  if (bias !== undefined) types.bias = { dtype: bias, shape: [channels] };
  if (arithmetic === "static") {
    const activation = spec.inputs[0]?.dtype ?? "uint8";
    types.inputZeroPoint = { dtype: activation, shape: scalar };
    if (!rawSums) types.inputScale = { dtype: "float32", shape: scalar };
    if (!rawSums && !isFloat(output)) {
      types.outputScale = { dtype: "float32", shape: scalar };
      types.outputZeroPoint = { dtype: output, shape: scalar };
    }
  }
  return types;
}

export function blockCount(depth: number, size: number): number {
  return Math.ceil(depth / size);
}

export function weightedOperands(spec: WeightedSpec): Operands {
  const { weight, output, dynamic } = spec.attributes;
  const activation: Operand =
    dynamic === undefined ? (spec.inputs[0]?.dtype ?? "float32") : `dynamic ${dynamic.dtype}`;
  return { activation, weight: weightOperand(weight), output };
}

function weightOperand({ dtype, granularity }: WeightFormat): WeightOperand {
  switch (dtype) {
    case "float64":
    case "float32":
    case "float16":
    case "bfloat16":
      return dtype;
    default:
      return `${dtype} ${granularity?.kind ?? "tensor"}`;
  }
}

/** Integer results are exact. Float results are sums: of `depth` products, or of one scaled int32 sum per block. */
export function weightedTolerance(spec: WeightedSpec, depth: number): Tolerance {
  const { weight, output, activation } = spec.attributes;
  if (!isFloat(output)) return exact;
  const blocks = weight.granularity?.kind === "block" ? blockCount(depth, weight.granularity.size) : 1;
  const arithmetic = weightedArithmetic(spec);
  const terms = arithmetic === "static" || arithmetic === "dynamic" ? 2 * blocks : depth + 2;
  return sumOf(terms + (activation === undefined ? 0 : 16), output);
}

/** Whether `dtype` holds codes of less than a byte. */
export function isPacked(dtype: DType): boolean {
  return dtypes[dtype].bits < 8;
}
