/** Layers, on sizes worked out by hand from the ONNX operator definitions; and what operators cannot take. */
import { describe, expect, test } from "vitest";
import { AttributeError, InferenceError } from "../../src/index.ts";
import { float32, type Input, infer, int64, type OneNode, rows, scalar } from "./support.ts";

rows("windows", [
  [
    "Conv",
    ["float32[N, 3, 224, 224]", "float32[8, 3, 3, 3]"],
    "float32[N, 8, 112, 112]",
    { attributes: { strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] } },
  ],
  [
    "Conv",
    ["float32[1, 8, H, 9]", "float32[8, 1, 3, 3]"],
    "float32[1, 8, H - 2, 5]",
    { attributes: { group: 8n, dilations: [1n, 2n] } },
  ],
  [
    "Conv",
    ["float32[1, 1, 5]", "float32[1, 1, 2]"],
    "float32[1, 1, 3]",
    { attributes: { auto_pad: "SAME_UPPER", strides: [2n] } },
  ],
  [
    "Conv",
    ["float32[1, 1, 5]", "float32[1, 1, 2]"],
    "float32[1, 1, 2]",
    { attributes: { auto_pad: "VALID", strides: [2n] } },
  ],
  [
    "Conv",
    ["float32[1, 1, L]", "float32[4, 1, 3]"],
    "float32[1, 4, floor((L - 1)/2) + 1]",
    { attributes: { strides: [2n], pads: [1n, 1n] } },
  ],
  ["ConvInteger", ["uint8[1, 1, 4]", "int8[2, 1, 3]"], "int32[1, 2, 2]"],
  [
    "QLinearConv",
    [
      "uint8[1, 1, 4]",
      "float32[]",
      "uint8[]",
      "int8[2, 1, 3]",
      "float32[]",
      "int8[]",
      "float32[]",
      "uint8[]",
    ],
    "uint8[1, 2, 2]",
  ],
  [
    "ConvTranspose",
    ["float32[1, 4, 5, 5]", "float32[4, 2, 3, 3]"],
    "float32[1, 2, 11, 11]",
    { attributes: { strides: [2n, 2n] } },
  ],
  [
    "ConvTranspose",
    ["float32[1, 4, 5]", "float32[4, 2, 3]"],
    "float32[1, 2, 10]",
    { attributes: { strides: [2n], pads: [1n, 1n], output_padding: [1n] } },
  ],
  [
    "MaxPool",
    ["float32[1, 2, 5, 5]"],
    ["float32[1, 2, 3, 3]", "int64[1, 2, 3, 3]"],
    { attributes: { kernel_shape: [3n, 3n], strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] } },
  ],
  [
    "AveragePool",
    ["float32[1, 1, 4]"],
    "float32[1, 1, 2]",
    { attributes: { kernel_shape: [3n], strides: [2n], ceil_mode: 1n } },
  ],
  // With ceil_mode a last window that begins in the end padding is dropped: (5 + 2 - 2) / 3 + 1 would be 3.
  [
    "MaxPool",
    ["float32[1, 1, 5]"],
    "float32[1, 1, 2]",
    { attributes: { kernel_shape: [2n], strides: [3n], pads: [1n, 1n], ceil_mode: 1n } },
  ],
  ["GlobalAveragePool", ["float32[N, 8, H, W]"], "float32[N, 8, 1, 1]"],
]);

rows("products", [
  ["MatMul", ["float32[N, T, 8]", "float32[8, 4]"], "float32[N, T, 4]"],
  ["MatMul", ["float32[2, 1, 3, 4]", "float32[5, 4, 6]"], "float32[2, 5, 3, 6]"],
  ["MatMul", ["float32[4]", "float32[4]"], "float32[]"],
  ["MatMul", ["float32[4]", "float32[2, 4, 3]"], "float32[2, 3]"],
  ["MatMulInteger", ["uint8[N, 4]", "int8[4, 5]"], "int32[N, 5]"],
  [
    "QLinearMatMul",
    ["uint8[N, 4]", "float32[]", "uint8[]", "int8[4, 5]", "float32[]", "int8[]", "float32[]", "uint8[]"],
    "uint8[N, 5]",
  ],
  ["Gemm", ["float32[N, 4]", "float32[5, 4]", "float32[5]"], "float32[N, 5]", { attributes: { transB: 1n } }],
  [
    "Einsum",
    ["float32[B, I, J]", "float32[B, J, K]"],
    "float32[B, I, K]",
    { attributes: { equation: "bij, bjk -> bik" } },
  ],
  ["Einsum", ["float32[2, 3, 4]"], "float32[2, 4, 3]", { attributes: { equation: "...ij->...ji" } }],
  ["Einsum", ["float32[3, 4]", "float32[4, 5]"], "float32[3, 5]", { attributes: { equation: "ij,jk" } }],
]);

rows("reductions", [
  ["ReduceMean", ["float32[N, 3, 4]"], "float32[N, 1, 1]", { opset: 13, attributes: { axes: [1n, -1n] } }],
  ["ReduceMean", ["float32[N, 3, 4]", int64(1)], "float32[N, 4]", { attributes: { keepdims: 0n } }],
  ["ReduceSum", ["float32[N, 3]", int64(0)], "float32[1, 3]", { opset: 13 }],
  ["ReduceMax", ["float32[N, 3]"], "float32[]", { attributes: { keepdims: 0n } }],
  ["ReduceMax", ["float32[N, 3]"], "float32[N, 3]", { attributes: { noop_with_empty_axes: 1n } }],
  ["ReduceMax", ["float32[N, 3]", "int64[1]"], "float32[?, ?]"],
  ["ArgMax", ["float32[N, 10]"], "int64[N]", { attributes: { axis: 1n, keepdims: 0n } }],
]);

rows("normalization, recurrence, attention", [
  [
    "BatchNormalization",
    ["float32[N, 3, H]", "float32[3]", "float32[3]", "float32[3]", "float32[3]"],
    ["float32[N, 3, H]", "float32[3]"],
    { outputs: 2 },
  ],
  [
    "LayerNormalization",
    ["float16[N, T, 8]", "float16[8]"],
    ["float16[N, T, 8]", "float32[N, T, 1]", "float32[N, T, 1]"],
  ],
  [
    "LSTM",
    ["float32[T, N, 8]", "float32[2, 64, 8]", "float32[2, 64, 16]"],
    ["float32[T, 2, N, 16]", "float32[2, N, 16]", "float32[2, N, 16]"],
    { attributes: { direction: "bidirectional", hidden_size: 16n } },
  ],
  [
    "GRU",
    ["float32[N, T, 8]", "float32[1, 48, 8]", "float32[1, 48, 16]"],
    ["float32[N, T, 1, 16]", "float32[N, 1, 16]"],
    { attributes: { layout: 1n } },
  ],
  [
    "Attention",
    ["float32[N, 4, T, 16]", "float32[N, 2, S, 16]", "float32[N, 2, S, 8]"],
    ["float32[N, 4, T, 8]", "float32[N, 2, S, 16]"],
    { opset: 23 },
  ],
  [
    "Attention",
    [
      "float32[N, T, 64]",
      "float32[N, S, 32]",
      "float32[N, S, 32]",
      null,
      "float32[N, 2, P, 16]",
      "float32[N, 2, P, 16]",
    ],
    ["float32[N, T, 64]", "float32[N, 2, P + S, 16]"],
    { opset: 23, attributes: { q_num_heads: 4n, kv_num_heads: 2n } },
  ],
  ["RotaryEmbedding", ["float32[N, 4, T, 16]"], "float32[N, 4, T, 16]", { opset: 23 }],
]);

rows("resizing", [
  ["Resize", ["float32[N, 3, 8, 8]", null, float32(1, 1, 2, 1.5)], "float32[N, 3, 16, 12]"],
  [
    "Resize",
    ["float32[N, 3, 8, H]", null, null, int64(4, 5)],
    "float32[N, 3, 4, 5]",
    { attributes: { axes: [2n, 3n] } },
  ],
  [
    "Resize",
    ["float32[1, 1, 8, 4]", null, null, int64(5, 5)],
    "float32[1, 1, 5, 3]",
    { attributes: { axes: [2n, 3n], keep_aspect_ratio_policy: "not_larger" } },
  ],
  ["Resize", ["float32[1, 1, 2, W]", float32(1, 1, 2, 3)], "float32[1, 1, 4, 3*W]", { opset: 10 }],
  ["Upsample", ["float32[1, 1, 2, 2]", float32(1, 1, 2, 3)], "float32[1, 1, 4, 6]", { opset: 9 }],
]);

rows("quantization", [
  ["QuantizeLinear", ["float32[N, 4]", "float32[]", "int4[]"], "int4[N, 4]"],
  ["QuantizeLinear", ["float32[N, 4]", "float32[]"], "uint8[N, 4]"],
  [
    "QuantizeLinear",
    ["float32[N, 4]", "float32[]"],
    "uint2[N, 4]",
    { opset: 25, attributes: { output_dtype: 25n } },
  ],
  ["DequantizeLinear", ["uint8[N, 4]", "float16[]"], "float16[N, 4]"],
  ["DynamicQuantizeLinear", ["float32[N, 4]"], ["uint8[N, 4]", "float32[]", "uint8[]"]],
]);

const ms = { domain: "com.microsoft" };
rows("com.microsoft", [
  [
    "MatMulNBits",
    ["float32[N, T, 64]", "uint8[32, 2, 16]", "float32[64]"],
    "float32[N, T, 32]",
    { ...ms, attributes: { K: 64n, N: 32n, bits: 4n, block_size: 32n } },
  ],
  [
    "QGemm",
    [
      "uint8[N, 4]",
      "float32[]",
      "uint8[]",
      "int8[5, 4]",
      "float32[]",
      "int8[]",
      null,
      "float32[]",
      "uint8[]",
    ],
    "uint8[N, 5]",
    { ...ms, attributes: { transB: 1n } },
  ],
  [
    "QGemm",
    ["uint8[N, 4]", "float32[]", "uint8[]", "int8[4, 5]", "float32[]", "int8[]"],
    "float32[N, 5]",
    ms,
  ],
  [
    "QLinearAdd",
    ["uint8[N, 4]", "float32[]", "uint8[]", "uint8[4]", "float32[]", "uint8[]", "float32[]", "uint8[]"],
    "uint8[N, 4]",
    ms,
  ],
  [
    "QLinearConcat",
    ["float32[]", "uint8[]", "uint8[N, 2]", "float32[]", "uint8[]", "uint8[N, 3]", "float32[]", "uint8[]"],
    "uint8[N, 5]",
    { ...ms, attributes: { axis: 1n } },
  ],
  [
    "QLinearGlobalAveragePool",
    ["uint8[N, 8, 7, 7]", "float32[]", "uint8[]", "float32[]", "uint8[]"],
    "uint8[N, 8, 1, 1]",
    ms,
  ],
  ["DynamicQuantizeMatMul", ["float32[N, 4]", "int8[4, 5]", "float32[]"], "float32[N, 5]", ms],
  ["MatMulIntegerToFloat", ["uint8[N, 4]", "int8[4, 5]", "float32[]", "float32[]"], "float32[N, 5]", ms],
  [
    "FusedMatMul",
    ["float32[N, 4, 3]", "float32[5, 4]"],
    "float32[N, 3, 5]",
    { ...ms, attributes: { transA: 1n, transB: 1n } },
  ],
  [
    "GatherBlockQuantized",
    ["uint8[100, 32]", "int64[N, T]", "float32[100, 2]"],
    "float32[N, T, 64]",
    { ...ms, attributes: { bits: 4n } },
  ],
  ["GatherBlockQuantized", ["int4[100, 64]", "int64[N]", "float16[100, 2]"], "float16[N, 64]", ms],
  [
    "SkipLayerNormalization",
    ["float32[N, T, 8]", "float32[N, T, 8]", "float32[8]"],
    ["float32[N, T, 8]", "float32[N, T, 1]", "float32[N, T, 1]", "float32[N, T, 8]"],
    ms,
  ],
  ["BiasGelu", ["float32[N, 8]", "float32[8]"], "float32[N, 8]", ms],
  ["FastGelu", ["float32[N, 8]"], "float32[N, 8]", ms],
  [
    "GroupQueryAttention",
    ["float32[N, T, 64]", "float32[N, T, 32]", "float32[N, T, 32]"],
    ["float32[N, T, 64]"],
    { ...ms, attributes: { num_heads: 4n, kv_num_heads: 2n } },
  ],
  [
    "MultiHeadAttention",
    ["float32[N, T, 64]", "float32[N, S, 64]", "float32[N, S, 32]"],
    "float32[N, T, 32]",
    { ...ms, attributes: { num_heads: 4n } },
  ],
]);

rows("sequences and optionals", [
  ["SequenceConstruct", ["float32[2, 3]", "float32[4, 3]"], "sequence(float32[?, 3])"],
]);

describe("what does not fit", () => {
  const refused: [string, Input[], RegExp, OneNode?][] = [
    ["Add", ["float32[2]", "float32[3]"], /2 and 3 do not broadcast/],
    ["MatMul", ["float32[2, 3]", "float32[4, 5]"], /rows of 3 elements.*columns of 4/],
    ["MatMul", ["float32[]", "float32[4, 5]"], /scalar/],
    ["Reshape", ["float32[2, 3]", int64(4, 2)], /6 elements.*8/],
    ["Reshape", ["float32[2, 3]", int64(-1, 4)], /6 elements/],
    ["Reshape", ["float32[2, 3]", int64(-1, -1)], /at most one -1/],
    ["Concat", ["float32[2, 3]", "float32[3, 4]"], /sizes 2 and 3 of axis 0/, { attributes: { axis: 1n } }],
    ["Conv", ["float32[1, 3, 8, 8]", "float32[8, 4, 3, 3]"], /3 channels.*for 4/],
    ["Conv", ["float32[1, 3, 2, 2]", "float32[8, 3, 3, 3]"], /does not fit/],
    ["Transpose", ["float32[2, 3]"], /no permutation/, { attributes: { perm: [0n, 0n] } }],
    ["Gather", ["float32[2]", "int64[]"], /axis 1 does not exist/, { attributes: { axis: 1n } }],
    ["Gather", [int64(1, 2), scalar(2)], /index 2 is outside/],
    ["Squeeze", ["float32[2]", int64(0)], /size 2/],
    ["Split", ["float32[5]", int64(2, 2)], /do not add up to 5/, { outputs: 2 }],
    ["Slice", ["float32[5]", int64(0), int64(1), int64(0), int64(0)], /step of axis 0 is 0/],
    ["TopK", ["float32[3]", int64(4)], /4 largest of 3/],
    [
      "MatMulNBits",
      ["float32[N, 32]", "uint8[1]", "float32[1]"],
      /32.*64/,
      { ...ms, attributes: { K: 64n, N: 8n } },
    ],
    ["Cast", ["float32[1]"], /99 is no data type/, { attributes: { to: 99n } }],
  ];
  test.each(refused)("%s, case %#, is refused", (op, inputs, message, options = {}) => {
    expect(() => infer(op, inputs, options)).toThrow(InferenceError);
    expect(() => infer(op, inputs, options)).toThrow(message);
    expect(() => infer(op, inputs, options)).toThrow(/node "it"/);
  });

  test("an attribute that is missing", () => {
    expect(() => infer("MatMulNBits", ["float32[N, 8]"], ms)).toThrow(AttributeError);
  });
});
