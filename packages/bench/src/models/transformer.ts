/** Layers of encoders: BERT-base (Devlin et al. 2019) and the encoder of Whisper-tiny (Radford et al. 2022). */
import type { ModelProto } from "@bitbudget/onnx";
import { Builder, type Value } from "./builder.ts";

export interface Encoder {
  readonly tokens: number;
  readonly hidden: number;
  readonly heads: number;
  readonly inner: number;
  readonly layers: number;
}

/**
 * 12 layers on the sum of the embeddings. All layers share their weights, so that the file has 28 MB instead of 340;
 * the work is the same.
 */
export function bertBase(
  encoder: Encoder = { tokens: 128, hidden: 768, heads: 12, inner: 3072, layers: 12 },
): ModelProto {
  const b = new Builder(768);
  let x = layerNorm(b, b.input("embeddings", [1, encoder.tokens, encoder.hidden]), "embeddings");
  for (let layer = 0; layer < encoder.layers; layer++) {
    const key = `layer`;
    x = layerNorm(b, b.node("Add", [attention(b, x, encoder, key), x], x.shape), `${key} 1`);
    x = layerNorm(b, b.node("Add", [feedForward(b, x, encoder, key), x], x.shape), `${key} 2`);
  }
  return b.build([x]);
}

/** Two convolutions over a spectrogram of 30 seconds, positions, and 4 layers that normalize first. */
export function whisperTinyEncoder(
  encoder: Encoder = { tokens: 1500, hidden: 384, heads: 6, inner: 1536, layers: 4 },
): ModelProto {
  const b = new Builder(384);
  const { tokens, hidden, layers } = encoder;
  let y = b.input("mel", [1, 80, 2 * tokens]);
  y = gelu(b, conv1d(b, y, hidden, 1));
  y = gelu(b, conv1d(b, y, hidden, 2));
  let x = b.node("Transpose", [y], [1, tokens, hidden], { perm: [0n, 2n, 1n] });
  x = b.node("Add", [x, b.weight([tokens, hidden], 0.5)], x.shape);
  for (let layer = 0; layer < layers; layer++) {
    const key = `layer ${layer}`;
    x = b.node("Add", [attention(b, layerNorm(b, x, `${key} 1`), encoder, key), x], x.shape);
    x = b.node("Add", [feedForward(b, layerNorm(b, x, `${key} 2`), encoder, key), x], x.shape);
  }
  return b.build([layerNorm(b, x, "last")]);
}

function conv1d(b: Builder, x: Value, filters: number, stride: number): Value {
  const [, channels = 0, length = 0] = x.shape;
  const w = b.weight([filters, channels, 3], (3 * channels) ** -0.5);
  return b.node("Conv", [x, w, b.weight([filters], 0.1)], [1, filters, length / stride], {
    kernel_shape: [3n],
    strides: [BigInt(stride)],
    dilations: [1n],
    pads: [1n, 1n],
    group: 1n,
  });
}

/** x times a matrix, plus a bias, as exporters write it. */
function dense(b: Builder, x: Value, features: number, key: string): Value {
  const depth = x.shape.at(-1) ?? 0;
  const shape = [...x.shape.slice(0, -1), features];
  const w = b.shared(`${key} w`, () => b.weight([depth, features], depth ** -0.5));
  const bias = b.shared(`${key} b`, () => b.weight([features], 0.1));
  return b.node("Add", [b.node("MatMul", [x, w], shape), bias], shape);
}

function attention(b: Builder, x: Value, { tokens, hidden, heads }: Encoder, key: string): Value {
  const size = hidden / heads;
  const split = (y: Value, perm: readonly bigint[], shape: readonly number[]) => {
    const parts = b.node("Reshape", [y, b.int64(1, tokens, heads, size)], [1, tokens, heads, size]);
    return b.node("Transpose", [parts], shape, { perm });
  };
  const [q, k, v] = ["q", "k", "v"].map((name) => dense(b, x, hidden, `${key} ${name}`));
  const rows = [1, heads, tokens, size];
  const scores = b.node(
    "MatMul",
    [split(q!, [0n, 2n, 1n, 3n], rows), split(k!, [0n, 2n, 3n, 1n], [1, heads, size, tokens])],
    [1, heads, tokens, tokens],
  );
  const scaled = b.node("Div", [scores, b.scalar(Math.sqrt(size))], scores.shape);
  const weights = b.node("Softmax", [scaled], scores.shape, { axis: -1n });
  const mixed = b.node("MatMul", [weights, split(v!, [0n, 2n, 1n, 3n], rows)], rows);
  const joined = b.node("Transpose", [mixed], [1, tokens, heads, size], { perm: [0n, 2n, 1n, 3n] });
  return dense(b, b.node("Reshape", [joined, b.int64(1, tokens, hidden)], x.shape), hidden, `${key} o`);
}

function feedForward(b: Builder, x: Value, { hidden, inner }: Encoder, key: string): Value {
  return dense(b, gelu(b, dense(b, x, inner, `${key} up`)), hidden, `${key} down`);
}

function layerNorm(b: Builder, x: Value, key: string): Value {
  const size = x.shape.at(-1) ?? 0;
  const scale = b.shared(`${key} scale`, () => b.weight([size], 0.05, 1));
  const bias = b.shared(`${key} bias`, () => b.weight([size], 0.05));
  return b.node("LayerNormalization", [x, scale, bias], x.shape, { axis: -1n, epsilon: 1e-5 });
}

/** x / 2 * (1 + erf(x / sqrt(2))), as exporters write it. */
function gelu(b: Builder, x: Value): Value {
  const erf = b.node("Erf", [b.node("Div", [x, b.scalar(Math.SQRT2)], x.shape)], x.shape);
  const half = b.node("Mul", [x, b.scalar(0.5)], x.shape);
  return b.node("Mul", [half, b.node("Add", [erf, b.scalar(1)], x.shape)], x.shape);
}
