/**
 * The networks whose training is recorded, as functions of TensorFlow.js. Weights and images have the layouts of ONNX, so
 * that their gradients do. test/networks has the same as ONNX models.
 */
import { tf } from "./tfjs.mjs";

/** [batch, channels, height, width] as TensorFlow.js has images, and filters as it has those. */
const image = (x) => tf.transpose(x, [0, 2, 3, 1]);
const filter = (w) => tf.transpose(w, [2, 3, 1, 0]);
const depthwiseFilter = (w) => tf.transpose(w, [2, 3, 0, 1]);

/** Mean over all rows of -log of the probability of the row's class. */
const crossEntropy = (logits, oneHot) => tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), oneHot), -1)));

/** Convolution, depthwise and pointwise convolution, relu6, pools and a dense layer. */
export const cnn = {
  inputs: { image: { shape: [4, 3, 12, 12], scale: 2 } },
  classes: { rows: [4], count: 5 },
  learningRate: 0.05,
  parameters: {
    stem: { shape: [6, 3, 3, 3], scale: 0.6 },
    stemBias: { shape: [6], scale: 0.5 },
    depthwise: { shape: [6, 1, 3, 3], scale: 0.6 },
    depthwiseBias: { shape: [6], scale: 0.5 },
    pointwise: { shape: [10, 6, 1, 1], scale: 0.6 },
    pointwiseBias: { shape: [10], scale: 0.5 },
    dense: { shape: [5, 40], scale: 0.3 },
    denseBias: { shape: [5], scale: 0.1 },
  },
  loss(p, { image: x, labels }) {
    let y = tf.relu6(tf.add(tf.conv2d(image(x), filter(p.stem), 1, "same"), p.stemBias));
    y = tf.maxPool(y, 3, 2, "same");
    y = tf.depthwiseConv2d(y, depthwiseFilter(p.depthwise), 2, "same");
    y = tf.relu6(tf.add(y, p.depthwiseBias));
    y = tf.relu6(tf.add(tf.conv2d(y, filter(p.pointwise), 1, "valid"), p.pointwiseBias));
    y = tf.avgPool(y, 2, 1, "valid");
    const rows = tf.reshape(tf.transpose(y, [0, 3, 1, 2]), [4, 40]);
    const logits = tf.add(tf.matMul(rows, p.dense, false, true), p.denseBias);
    return { loss: crossEntropy(logits, labels) };
  },
};

const MOMENTUM = 0.9;

/** x over the batch's statistics, and what the running ones become. */
function batchNorm(x, p, name, states) {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const running = (old, now) => tf.add(tf.mul(old, MOMENTUM), tf.mul(now, 1 - MOMENTUM));
  return {
    y: tf.batchNorm(x, mean, variance, p[`${name}Bias`], p[`${name}Scale`], 1e-3),
    updates: {
      [`${name}Mean`]: running(states[`${name}Mean`], mean),
      [`${name}Variance`]: running(states[`${name}Variance`], variance),
    },
  };
}

/** Two convolutions with batch normalization and a connection around the second. */
export const residual = {
  inputs: { image: { shape: [4, 3, 6, 6], scale: 2 } },
  classes: { rows: [4], count: 3 },
  learningRate: 0.1,
  parameters: {
    first: { shape: [5, 3, 3, 3], scale: 0.4 },
    firstScale: { shape: [5], scale: 0.5, offset: 1 },
    firstBias: { shape: [5], scale: 0.2 },
    second: { shape: [5, 5, 3, 3], scale: 0.3 },
    secondScale: { shape: [5], scale: 0.5, offset: 1 },
    secondBias: { shape: [5], scale: 0.2 },
    dense: { shape: [3, 5], scale: 0.8 },
  },
  states: {
    firstMean: { shape: [5], scale: 0.2 },
    firstVariance: { shape: [5], scale: 0.2, offset: 1 },
    secondMean: { shape: [5], scale: 0.2 },
    secondVariance: { shape: [5], scale: 0.2, offset: 1 },
  },
  loss(p, { image: x, labels }, states) {
    const first = batchNorm(tf.conv2d(image(x), filter(p.first), 2, "same"), p, "first", states);
    const y = tf.relu(first.y);
    const second = batchNorm(tf.conv2d(y, filter(p.second), 1, "same"), p, "second", states);
    const rows = tf.mean(tf.relu(tf.add(y, second.y)), [1, 2]);
    const loss = crossEntropy(tf.matMul(rows, p.dense, false, true), labels);
    return { loss, updates: { ...first.updates, ...second.updates } };
  },
};

function layerNorm(x, scale, bias) {
  const centered = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centered), -1, true);
  return tf.add(tf.mul(tf.div(centered, tf.sqrt(tf.add(variance, 1e-5))), scale), bias);
}

const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));

/** Embedding, one block of causal attention with two heads and a GELU layer, normalized before each; logits of tokens. */
export const transformer = {
  inputs: { tokens: { shape: [2, 5], integersBelow: 7 } },
  classes: { rows: [2, 5], count: 7 },
  learningRate: 0.1,
  parameters: {
    embedding: { shape: [7, 8], scale: 1 },
    positions: { shape: [5, 8], scale: 0.5 },
    attentionScale: { shape: [8], scale: 0.3, offset: 1 },
    attentionBias: { shape: [8], scale: 0.2 },
    qkv: { shape: [8, 24], scale: 0.5 },
    qkvBias: { shape: [24], scale: 0.2 },
    project: { shape: [8, 8], scale: 0.5 },
    denseScale: { shape: [8], scale: 0.3, offset: 1 },
    denseBias: { shape: [8], scale: 0.2 },
    up: { shape: [8, 12], scale: 0.5 },
    upBias: { shape: [12], scale: 0.2 },
    down: { shape: [12, 8], scale: 0.5 },
    head: { shape: [8, 7], scale: 0.5 },
  },
  loss(p, { tokens, labels }) {
    const dense = (x, w) => tf.reshape(tf.matMul(tf.reshape(x, [10, -1]), w), [2, 5, -1]);
    let x = tf.add(tf.gather(p.embedding, tokens), p.positions);
    const normal = layerNorm(x, p.attentionScale, p.attentionBias);
    const [q, k, v] = tf.split(tf.add(dense(normal, p.qkv), p.qkvBias), 3, -1);
    const heads = (y) => tf.transpose(tf.reshape(y, [2, 5, 2, 4]), [0, 2, 1, 3]);
    const scores = tf.mul(tf.matMul(heads(q), heads(k), false, true), 0.5);
    const future = tf.tensor(Array.from({ length: 25 }, (_, i) => (i % 5 > Math.floor(i / 5) ? -1e4 : 0)));
    const mixed = tf.matMul(tf.softmax(tf.add(scores, tf.reshape(future, [5, 5]))), heads(v));
    x = tf.add(x, dense(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [2, 5, 8]), p.project));
    const wide = gelu(tf.add(dense(layerNorm(x, p.denseScale, p.denseBias), p.up), p.upBias));
    x = tf.add(x, dense(wide, p.down));
    return { loss: crossEntropy(dense(x, p.head), labels) };
  },
};
