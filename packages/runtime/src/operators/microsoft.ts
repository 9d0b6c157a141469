/** Fused operators of com.microsoft: products with activations, Gelu in its forms, normalizations of sums. */
import type { UnaryFunction } from "@bitbudget/backend";
import { tensor } from "@bitbudget/core";
import { getFloat } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { conv } from "./conv.ts";
import { binary, reduce, unary } from "./emit.ts";
import { gatherBlockQuantized } from "./gather-block-quantized.ts";
import type { OperatorTable } from "./index.ts";
import { qLinearConv } from "./integer-conv.ts";
import { dynamicQuantizeMatMul, matMulIntegerToFloat } from "./integer-to-float.ts";
import { fusedMatMul, gemm } from "./matmul.ts";
import { cast, gather, sliceAxis } from "./moves.ts";
import { rmsNormalization } from "./normalization.ts";
import { normalize, savedStatistics } from "./norms.ts";
import { qGemm } from "./qgemm.ts";
import { dequantizeLinear, quantizeLinear } from "./quantize.ts";

/** An activation of x plus an optional bias. */
function biased(read: (context: Lowering) => UnaryFunction): Operator {
  return (context) => {
    const bias = context.inputs[1];
    const x = bias === undefined ? context.input(0) : binary(context, "add", context.input(0), bias);
    return [unary(context, read(context), x)];
  };
}

const gelu = biased(() => ({ fn: "gelu", approximate: "none" }));

/** Inputs: x, skip, scale, then bias of the normalization (`rms`: none) and a bias of the sum. */
function skipNormalization(rms: boolean): Operator {
  return (context) => {
    const bias = context.inputs[rms ? 3 : 4];
    const skipped = binary(context, "add", context.input(0), context.input(1));
    const sum = bias === undefined ? skipped : binary(context, "add", skipped, bias);
    const options = {
      axis: sum.type.shape.length - 1,
      epsilon: getFloat(context.node, "epsilon", 1e-12),
      rms,
      scale: context.input(2),
      bias: rms ? undefined : context.inputs[3],
    };
    const y = normalize(context, sum, options);
    const saved = context.node.output.slice(1, 3).some((name) => name !== "");
    if (!saved) return [y, sum, sum, sum];
    const { mean, inverse } = savedStatistics(context, sum, options, "float32");
    return [y, mean, inverse, sum];
  };
}

/** Inputs: word ids, segment ids, the tables of words, positions and segments, scale, bias, mask, position ids. */
const embedLayerNormalization: Operator = (context) => {
  const ids = context.input(0);
  const [batch = 0, length = 0] = ids.type.shape;
  const words = gather(context, context.input(2), ids, 0);
  const table = context.input(3);
  const places = context.has(8)
    ? gather(context, table, context.input(8), 0)
    : sliceAxis(context, table, 0, 0, length);
  const placed = binary(context, "add", words, places);
  const [segments, segmentTable] = [context.inputs[1], context.inputs[4]];
  const sum =
    segments === undefined || segmentTable === undefined
      ? placed
      : binary(context, "add", placed, gather(context, segmentTable, segments, 0));
  const epsilon = getFloat(context.node, "epsilon", 1e-12);
  const y = normalize(context, sum, { axis: 2, epsilon, scale: context.input(5), bias: context.input(6) });
  return [y, wordCounts(context, context.inputs[7], batch), sum];
};

/** How many words each row of a mask lets through; zeros without a mask. */
function wordCounts(context: Lowering, mask: Value | undefined, batch: number): Value {
  if (mask === undefined) return context.known(tensor("int32", [batch]));
  return reduce(context, "sum", cast(context, mask, "int32"), [1], false);
}

export const microsoftFusions: OperatorTable = {
  BiasGelu: gelu,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeMatMul: dynamicQuantizeMatMul,
  EmbedLayerNormalization: embedLayerNormalization,
  FastGelu: biased(() => ({ fn: "gelu", approximate: "tanh" })),
  FusedConv: conv,
  FusedGemm: gemm,
  FusedMatMul: fusedMatMul,
  GatherBlockQuantized: gatherBlockQuantized,
  Gelu: gelu,
  MatMulIntegerToFloat: matMulIntegerToFloat,
  QGemm: qGemm,
  QLinearConv: qLinearConv,
  QuantizeLinear: quantizeLinear,
  QuickGelu: biased((context) => ({ fn: "swish", alpha: getFloat(context.node, "alpha", 1.702) })),
  SimplifiedLayerNormalization: rmsNormalization,
  SkipLayerNormalization: skipNormalization(false),
  SkipSimplifiedLayerNormalization: skipNormalization(true),
};
