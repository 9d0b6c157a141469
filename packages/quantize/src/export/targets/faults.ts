/**
 * What a target does not load or computes wrongly although its operators say otherwise, as rows: each with what was
 * measured. A test measures those of onnxruntime's CPU providers again; one that is gone is to be taken out of here.
 */
import type { Layer } from "../../layers.ts";
import type { LayerScheme } from "../../scheme.ts";
import type { Target } from "./target.ts";

export interface TargetFault {
  /** Short name, by which the test that measures it finds it. */
  readonly id: string;
  readonly targets: readonly Target[];
  /** What goes wrong, and what to do instead. */
  readonly detail: string;
  /** How it was found. */
  readonly evidence: string;
  /** Schemes that run into it; undefined where export writes something else, so that no scheme does. */
  readonly hits?: (layer: Layer, scheme: LayerScheme) => boolean;
}

export const targetFaults: readonly TargetFault[] = [
  {
    id: "conv-integer-zero-points",
    targets: ["ort-wasm", "ort-node"],
    detail: "ConvInteger takes one zero point for all filters; use symmetric weights",
    evidence: "a zero point for each filter ends the run with IsScalarOr1ElementVector",
    hits: ({ opType }, { activation, weight }) =>
      opType === "Conv" && activation?.dynamic === true && weight?.mapping === "asymmetric",
  },
  {
    id: "lstm-zero-points",
    targets: ["ort-wasm", "ort-node"],
    detail: "DynamicQuantizeLSTM takes zero points that are all the same; use symmetric weights",
    evidence: "different ones end the run with 'InputWeight point must be constant'",
    hits: ({ opType }, { activation, weight }) =>
      opType === "LSTM" && activation?.dynamic === true && weight?.mapping === "asymmetric",
  },
  {
    id: "signed-sums",
    targets: ["ort-wasm", "ort-node"],
    detail:
      "Add, Mul and products of two activations on int8 stay DequantizeLinear, operator, QuantizeLinear",
    evidence: "optimized graphs; with uint8 they become QLinearAdd, QLinearMul, QLinearMatMul",
    hits: ({ weights }, { activation }) =>
      weights.length === 0 && activation?.dynamic !== true && isSigned(activation?.dtype),
  },
  {
    id: "signed-gemm-weights",
    targets: ["ort-wasm", "ort-node"],
    detail: "Gemm with int8 weights stays in float; export stores them as uint8",
    evidence: "optimized graphs; with uint8 weights the group becomes QGemm",
  },
  {
    id: "float-convolution",
    targets: ["ort-wasm", "ort-node"],
    detail: "a Conv on codes with no QuantizeLinear after it stays in float; export puts one there",
    evidence: "optimized graphs; Gemm and MatMul need none",
  },
  {
    id: "softmax-of-codes",
    targets: ["ort-wasm", "ort-node"],
    detail:
      "Softmax between codes is computed from a table of integers, one code off in many elements; export leaves it float",
    evidence:
      "a ViT: 14% of the codes of an attention are off by one, and 90 of 5,000 predictions differ; none when it is float",
  },
  {
    id: "narrow-static-weights",
    targets: ["ort-wasm", "ort-node"],
    detail: "groups with int4 weights are not fused; export stores bytes",
    evidence: "optimized graphs",
  },
  {
    id: "int2-convolution",
    targets: ["ort-wasm", "ort-node"],
    detail:
      "a group with a Conv of int2 weights is fused to a QLinearConv that does not load; export stores bytes",
    evidence: "Type 'tensor(int2)' of input parameter (w) of operator (QLinearConv) is invalid",
  },
  {
    id: "int2-matmul",
    targets: ["ort-wasm", "ort-node"],
    detail:
      "MatMul with a DequantizeLinear of int2 weights is rewritten to MatMulNBits, and onnxruntime-web and -node then disagree; export writes MatMulNBits or Cast itself",
    evidence: "32x3 weights with a scale for each column: -1.117 natively, -1.883 in WebAssembly",
  },
  {
    id: "packed-gather",
    targets: ["ort-wasm", "ort-node"],
    detail: "Gather takes no int4 and no float8; export stores bytes, or writes GatherBlockQuantized",
    evidence: "Type 'tensor(int4)' of input parameter of operator (Gather) is invalid",
  },
  {
    id: "float4",
    targets: ["ort-wasm", "ort-node", "ort-webgpu"],
    detail: "there are no kernels for float4_e2m1; use 4-bit integers or NF4",
    evidence: "Could not find an implementation for DequantizeLinear(23), for Cast(23)",
    hits: (_, { weight }) => weight?.dtype === "float4_e2m1",
  },
  {
    id: "nbits-3",
    targets: ["ort-wasm", "ort-node", "ort-webgpu"],
    detail: "MatMulNBits has kernels for 2, 4 and 8 bits; 3 bits are stored in 4",
    evidence: "MatMulNBits::MatMulNBits: nbits_ == 2 || nbits_ == 4 || nbits_ == 8",
  },
  {
    id: "webgpu-float8",
    targets: ["ort-webgpu"],
    detail: "sessions with float8 weights fail; use float16 or int8",
    evidence: "one-operator models in Chromium with onnxruntime-web/webgpu 1.30",
    hits: (_, { weight }) => weight?.dtype.startsWith("float8") === true,
  },
  {
    id: "webgpu-gather-zero",
    targets: ["ort-webgpu"],
    detail: "GatherBlockQuantized of uint8 without zero points takes 0 for 8; export writes zero points",
    evidence: "one-operator models in Chromium with onnxruntime-web/webgpu 1.30",
  },
];

function isSigned(dtype: string | undefined): boolean {
  return dtype?.startsWith("int") === true;
}
