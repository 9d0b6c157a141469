/** Operators of domain com.microsoft, as onnxruntime's quantizer and optimizer write them. */
import { attendingRules } from "./attending.ts";
import { broadcast } from "./broadcast.ts";
import type { MaybeDim } from "./dim.ts";
import * as dims from "./dim.ts";
import { likeInput } from "./elementwise.ts";
import { layerNormalization } from "./normalizing.ts";
import type { Op, Rule, Rules } from "./op.ts";
import { checkInner, gemm, matMulShape } from "./products.ts";
import { quantizingRules } from "./quantizing.ts";
import { lstm } from "./recurrent.ts";
import { concatenated, replaced } from "./slicing.ts";
import { ofRank, type Shape, tensor } from "./value.ts";
import { globalPool, pool, qLinearConv, qLinearPool, windowRules } from "./windows.ts";

/** The last axis of the input, K elements, becomes N. */
const matMulNBits: Rule = (op) => {
  const shape = op.shape(0);
  if (shape !== undefined) checkInner(op, shape.at(-1), op.int("K"));
  return [tensor(op.dtype(0), shape && [...shape.slice(0, -1), op.int("N")])];
};

const fusedMatMul: Rule = (op) => {
  const turned = (index: number, letter: string): Shape | undefined => {
    const shape = op.shape(index);
    if (shape === undefined || shape.length < 2) return shape;
    // "transBatch" moves the first axis to the place before the last, then the matrix may be turned over.
    const batch = op.int(`transBatch${letter}`, 0) !== 0;
    const order: Shape = batch ? [...shape.slice(1, -1), shape[0], shape.at(-1)] : shape;
    if (op.int(`trans${letter}`, 0) === 0) return order;
    return [...order.slice(0, -2), order.at(-1), order.at(-2)];
  };
  return [tensor(op.dtype(0), matMulShape(op, turned(0, "A"), turned(1, "B")))];
};

/** Two operands of three inputs each: codes, scale, zero point. */
const binary: Rule = (op) => [tensor(op.dtype(0), broadcast(op, [op.shape(0), op.shape(3)]))];

const where: Rule = (op) => [tensor(op.dtype(1), broadcast(op, [op.shape(0), op.shape(1), op.shape(4)]))];

/** Scale and zero point of the result, then codes, scale and zero point of each input. */
const concat: Rule = (op) => {
  const inputs = op.node.input.map((_, i) => op.input(i)).filter((_, i) => i >= 2 && (i - 2) % 3 === 0);
  return [concatenated(op, inputs, op.int("axis"))];
};

const reduceMean: Rule = (op) => {
  const shape = op.shape(0);
  const keep = op.int("keepdims", 1) !== 0;
  if (shape === undefined) return [tensor(op.dtype(0), undefined)];
  const axes = new Set(
    op
      .ints(
        "axes",
        shape.map((_, axis) => axis),
      )
      .map((axis) => op.axis(axis, shape.length)),
  );
  const kept = keep
    ? shape.map((dim, axis) => (axes.has(axis) ? 1 : dim))
    : shape.filter((_, axis) => !axes.has(axis));
  return [tensor(op.dtype(0), kept)];
};

/** Rows of a table of codes: bytes hold 8 / bits of them along the last axis. */
const gatherBlockQuantized: Rule = (op) => {
  const stored = op.shape(0);
  const indices = op.shape(1);
  if (stored === undefined || indices === undefined) return [tensor(op.dtype(2), undefined)];
  const perByte = op.dtype(0) === "uint8" ? 8 / op.int("bits", 4) : 1;
  const shape = replaced(stored, stored.length - 1, dims.multiply(stored.at(-1), perByte));
  const axis = op.axis(op.int("gather_axis", 0), shape.length);
  return [tensor(op.dtype(2), [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)])];
};

/** Output, two statistics, and the sum that went into the normalization. */
const skipLayerNormalization: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  const statistics = tensor(
    "float32",
    shape?.map((dim, i) => (i < shape.length - 1 ? dim : 1)),
  );
  const sum = tensor(dtype, shape);
  return [sum, statistics, statistics, sum];
};

const embedLayerNormalization: Rule = (op) => {
  const ids = op.shape(0) ?? ofRank(2);
  const embedded = tensor(op.dtype(2), [...ids, op.dim(2, 1)]);
  return [embedded, tensor("int32", [ids[0]]), embedded];
};

/** [batch, length, inputs] with weights [inputs, 3 * hidden]. */
const attention: Rule = (op) => {
  const [batch, length] = op.shape(0) ?? ofRank(3);
  const heads = op.int("num_heads");
  const sizes = op.ints("qkv_hidden_sizes", []);
  const hidden = sizes.length === 3 ? sizes[2] : dims.floorDivide(op.dim(1, 1), 3);
  const total = op.has(4) ? dims.add(op.dim(4, 3), length) : length;
  const dtype = op.dtype(0)?.includes("int") ? "float32" : op.dtype(0);
  return [
    tensor(dtype, [batch, length, hidden]),
    tensor(dtype, [2, batch, heads, total, dims.floorDivide(hidden, heads)]),
  ];
};

/**
 * Queries [batch, length, hidden]; keys and values packed alike, or already by heads; or both in one [batch, length, heads,
 * 2, size]; or all three, with a 3 there.
 */
const multiHeadAttention: Rule = (op) => {
  const query = op.shape(0);
  const heads = op.int("num_heads");
  const all = query?.length === 5;
  const [batch, length, hidden] = query ?? ofRank(3);
  const both = all ? query : op.rank(1) === 5 ? op.shape(1) : undefined;
  const value = both ? [both[0], both[2], both[1], both[4]] : op.shape(2);
  const packed = value?.length !== 4;
  const size = packed ? dims.floorDivide(value?.[2] ?? (op.has(2) ? undefined : hidden), heads) : value[3];
  const added: MaybeDim = packed ? (value?.[1] ?? (op.has(2) ? undefined : length)) : value[2];
  const total = op.has(6) ? dims.add(op.dim(6, 2), added) : added;
  const present = tensor(op.dtype(0), [batch, heads, total, size]);
  const isKnown = all || query === undefined || query.length === 3;
  return [
    tensor(op.dtype(0), isKnown ? [batch, length, dims.multiply(size, heads)] : undefined),
    present,
    present,
  ];
};

/** Without keys, the queries hold keys and values too. */
const groupQueryAttention: Rule = (op) => {
  const [batch, length, hidden] = op.shape(0) ?? ofRank(3);
  const heads = op.int("num_heads");
  const keyHeads = op.int("kv_num_heads");
  const size = dims.floorDivide(hidden, op.has(1) ? heads : heads + 2 * keyHeads);
  const present = tensor(op.dtype(3) ?? op.dtype(0), [batch, keyHeads, undefined, size]);
  return [tensor(op.dtype(0), [batch, length, dims.multiply(size, heads)]), present, present];
};

/** A matrix product in the format of another input, or in float32. */
const productIn = (dtypeInput: number): Rule => {
  return (op: Op) => [tensor(op.dtype(dtypeInput) ?? "float32", matMulShape(op, op.shape(0), op.shape(1)))];
};

export const microsoftRules: Rules = {
  MatMulNBits: matMulNBits,
  MatMulBnb4: matMulNBits,
  FusedMatMul: fusedMatMul,
  TransposeMatMul: fusedMatMul,
  FusedGemm: gemm(1, (op) => op.dtype(0)),
  FusedConv: windowRules.Conv!,
  DynamicQuantizeMatMul: productIn(0),
  MatMulIntegerToFloat: productIn(2),
  QGemm: gemm(3, (op) => (op.has(8) ? op.dtype(8) : "float32")),
  QLinearConv: (op) =>
    op.int("channels_last", 0) !== 0 ? [tensor(op.dtype(7), ofRank(op.rank(0)))] : qLinearConv(op),
  QLinearAdd: binary,
  QLinearMul: binary,
  QLinearWhere: where,
  QLinearConcat: concat,
  QLinearReduceMean: reduceMean,
  QLinearSigmoid: likeInput,
  QLinearLeakyRelu: likeInput,
  QLinearSoftmax: likeInput,
  QLinearAveragePool: qLinearPool(pool),
  QLinearGlobalAveragePool: qLinearPool(globalPool),
  GatherBlockQuantized: gatherBlockQuantized,
  DynamicQuantizeLSTM: lstm,
  QuantizeLinear: quantizingRules.QuantizeLinear!,
  DequantizeLinear: quantizingRules.DequantizeLinear!,
  LayerNormalization: layerNormalization,
  SimplifiedLayerNormalization: layerNormalization,
  SkipLayerNormalization: skipLayerNormalization,
  SkipSimplifiedLayerNormalization: skipLayerNormalization,
  EmbedLayerNormalization: embedLayerNormalization,
  Attention: attention,
  QAttention: attention,
  MultiHeadAttention: multiHeadAttention,
  GroupQueryAttention: groupQueryAttention,
  RotaryEmbedding: attendingRules.RotaryEmbedding!,
  Gelu: likeInput,
  BiasGelu: likeInput,
  FastGelu: likeInput,
  QuickGelu: likeInput,
};
