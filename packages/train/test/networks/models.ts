/** The networks of scripts/networks.mjs as ONNX models, with a cross-entropy of plain operators as their output. */
import { tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeFields,
  type NodeProto,
  toTensorProto,
} from "@bitbudget/onnx";
import { type Recorded, recorded, tensors } from "./recorded.ts";

/** A node of one output. */
function node(
  opType: string,
  input: readonly string[],
  output: string,
  attributes: NodeFields["attributes"] = {},
): NodeProto {
  return makeNode(opType, input, [output], { name: output, attributes });
}

const one = (x: number) => tensor("float32", [], [x]);
const ints = (...values: readonly number[]) =>
  tensor("int64", [values.length], BigInt64Array.from(values, BigInt));

const constants = {
  zero: one(0),
  half: one(0.5),
  one: one(1),
  six: one(6),
  small: one(1e-5),
  root: one(Math.SQRT1_2),
  rows: ints(0, -1),
  parts: ints(8, 8, 8),
  heads: ints(2, 5, 2, 4),
  joined: ints(2, 5, 8),
  last: ints(-1),
  future: tensor(
    "float32",
    [5, 5],
    Array.from({ length: 25 }, (_, i) => (i % 5 > Math.floor(i / 5) ? -1e4 : 0)),
  ),
};

/** Mean over all rows of -log of the probability of the row's class. */
const crossEntropy = [
  node("LogSoftmax", ["logits"], "logarithms"),
  node("Mul", ["logarithms", "labels"], "chosen"),
  node("ReduceSum", ["chosen", "last"], "row", { keepdims: 0n }),
  node("ReduceMean", ["row"], "mean", { keepdims: 0n }),
  node("Neg", ["mean"], "loss"),
];

function model({ inputs, parameters, states }: Recorded, nodes: readonly NodeProto[]): ModelProto {
  const all = [...nodes, ...crossEntropy];
  const read = new Set(all.flatMap(({ input }) => input));
  const used = Object.entries(constants).filter(([name]) => read.has(name));
  const content = { ...tensors(parameters), ...tensors(states), ...Object.fromEntries(used) };
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph: create(GraphProtoSchema, {
      name: "network",
      input: Object.entries(inputs).map(([name, { shape }]) =>
        makeValueInfo(name, name === "tokens" ? "int64" : "float32", [...shape]),
      ),
      output: [makeValueInfo("loss", "float32", [])],
      initializer: Object.entries(content).map(([name, value]) => toTensorProto(value, name)),
      node: all,
    }),
  });
}

const relu6 = (x: string, y: string) => node("Clip", [x, "zero", "six"], y);
const same = (stride: bigint) => ({ auto_pad: "SAME_UPPER", strides: [stride, stride] });

export const cnn = model(recorded.cnn, [
  node("Conv", ["image", "stem", "stemBias"], "c1", same(1n)),
  relu6("c1", "r1"),
  node("MaxPool", ["r1"], "m", { kernel_shape: [3n, 3n], ...same(2n) }),
  node("Conv", ["m", "depthwise", "depthwiseBias"], "c2", { group: 6n, ...same(2n) }),
  relu6("c2", "r2"),
  node("Conv", ["r2", "pointwise", "pointwiseBias"], "c3"),
  relu6("c3", "r3"),
  node("AveragePool", ["r3"], "a", { kernel_shape: [2n, 2n] }),
  node("Flatten", ["a"], "f"),
  node("Gemm", ["f", "dense", "denseBias"], "logits", { transB: 1n }),
]);

const batchNorm = (x: string, y: string, name: string) =>
  node("BatchNormalization", [x, ...["Scale", "Bias", "Mean", "Variance"].map((part) => name + part)], y, {
    epsilon: 1e-3,
    momentum: 0.9,
  });

export const residual = model(recorded.residual, [
  node("Conv", ["image", "first"], "c1", same(2n)),
  batchNorm("c1", "n1", "first"),
  node("Relu", ["n1"], "r1"),
  node("Conv", ["r1", "second"], "c2", same(1n)),
  batchNorm("c2", "n2", "second"),
  node("Add", ["r1", "n2"], "sum"),
  node("Relu", ["sum"], "r2"),
  node("GlobalAveragePool", ["r2"], "pooled"),
  node("Flatten", ["pooled"], "f"),
  node("Gemm", ["f", "dense"], "logits", { transB: 1n }),
]);

/** Of plain operators, as exporters write it before opset 17. */
const layerNorm = (x: string, y: string, name: string) => [
  node("ReduceMean", [x, "last"], `${y}.mean`, { keepdims: 1n }),
  node("Sub", [x, `${y}.mean`], `${y}.centered`),
  node("Mul", [`${y}.centered`, `${y}.centered`], `${y}.squares`),
  node("ReduceMean", [`${y}.squares`, "last"], `${y}.variance`, { keepdims: 1n }),
  node("Add", [`${y}.variance`, "small"], `${y}.moved`),
  node("Sqrt", [`${y}.moved`], `${y}.deviation`),
  node("Div", [`${y}.centered`, `${y}.deviation`], `${y}.normal`),
  node("Mul", [`${y}.normal`, `${name}Scale`], `${y}.scaled`),
  node("Add", [`${y}.scaled`, `${name}Bias`], y),
];

const heads = (x: string, y: string, perm: readonly bigint[]) => [
  node("Reshape", [x, "heads"], `${y}.split`),
  node("Transpose", [`${y}.split`], y, { perm }),
];

export const transformer = model(recorded.transformer, [
  node("Gather", ["embedding", "tokens"], "embedded"),
  node("Add", ["embedded", "positions"], "x"),
  ...layerNorm("x", "n1", "attention"),
  node("MatMul", ["n1", "qkv"], "p"),
  node("Add", ["p", "qkvBias"], "qkvs"),
  makeNode("Split", ["qkvs", "parts"], ["q0", "k0", "v0"], { attributes: { axis: -1n } }),
  ...heads("q0", "q", [0n, 2n, 1n, 3n]),
  ...heads("k0", "k", [0n, 2n, 3n, 1n]),
  ...heads("v0", "v", [0n, 2n, 1n, 3n]),
  node("MatMul", ["q", "k"], "products"),
  node("Mul", ["products", "half"], "scores"),
  node("Add", ["scores", "future"], "masked"),
  node("Softmax", ["masked"], "weights"),
  node("MatMul", ["weights", "v"], "mixed"),
  node("Transpose", ["mixed"], "mixedTokens", { perm: [0n, 2n, 1n, 3n] }),
  node("Reshape", ["mixedTokens", "joined"], "mixedRows"),
  node("MatMul", ["mixedRows", "project"], "attended"),
  node("Add", ["x", "attended"], "x1"),
  ...layerNorm("x1", "n2", "dense"),
  node("MatMul", ["n2", "up"], "u0"),
  node("Add", ["u0", "upBias"], "u"),
  // GELU
  node("Mul", ["u", "root"], "u.root"),
  node("Erf", ["u.root"], "u.erf"),
  node("Add", ["u.erf", "one"], "u.more"),
  node("Mul", ["u", "u.more"], "u.twice"),
  node("Mul", ["u.twice", "half"], "wide"),
  node("MatMul", ["wide", "down"], "d"),
  node("Add", ["x1", "d"], "x2"),
  node("MatMul", ["x2", "head"], "logits"),
]);

const norm = (x: string, y: string, name: string) =>
  node("LayerNormalization", [x, `${name}Scale`, `${name}Bias`], y, { epsilon: 1e-5 });

/** The same network, of the operators that stand for several. */
export const fusedTransformer = model(recorded.transformer, [
  node("Gather", ["embedding", "tokens"], "embedded"),
  node("Add", ["embedded", "positions"], "x"),
  norm("x", "n1", "attention"),
  node("MatMul", ["n1", "qkv"], "p"),
  node("Add", ["p", "qkvBias"], "qkvs"),
  makeNode("Split", ["qkvs", "parts"], ["q", "k", "v"], { attributes: { axis: -1n } }),
  node("Attention", ["q", "k", "v"], "mixed", { q_num_heads: 2n, kv_num_heads: 2n, is_causal: 1n }),
  node("MatMul", ["mixed", "project"], "attended"),
  node("Add", ["x", "attended"], "x1"),
  norm("x1", "n2", "dense"),
  node("MatMul", ["n2", "up"], "u0"),
  node("Add", ["u0", "upBias"], "u"),
  node("Gelu", ["u"], "wide"),
  node("MatMul", ["wide", "down"], "d"),
  node("Add", ["x1", "d"], "x2"),
  node("MatMul", ["x2", "head"], "logits"),
]);
