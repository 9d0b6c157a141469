/**
 * Records how TensorFlow.js trains the networks of networks.mjs: loss and gradients of the first step, the losses of five
 * steps of gradient descent, and what the running statistics are then. Written to test/vectors, which tests compare with.
 *
 *   node packages/train/scripts/record-vectors.mjs
 */
import { writeFileSync } from "node:fs";
import * as networks from "./networks.mjs";
import { tf } from "./tfjs.mjs";

const STEPS = 5;

/** Numbers from 0 to 1 (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

/** A tensor of numbers with three decimals between offset - scale and offset + scale. */
function draw({ shape, scale, offset = 0, integersBelow }, next) {
  const number = () =>
    integersBelow === undefined
      ? Math.round(1000 * (offset + scale * (2 * next() - 1))) / 1000
      : Math.floor(integersBelow * next());
  return { shape, data: Array.from({ length: sizeOf(shape) }, number) };
}

const drawAll = (specs, next) =>
  Object.fromEntries(Object.entries(specs ?? {}).map(([name, spec]) => [name, draw(spec, next)]));

/** One row for each label, with a 1 at its class. */
function oneHot({ rows, count }, next) {
  const labels = Array.from({ length: sizeOf(rows) }, () => Math.floor(count * next()));
  return {
    shape: [...rows, count],
    data: labels.flatMap((label) => Array.from({ length: count }, (_, i) => Number(i === label))),
  };
}

const tensorOf = ({ shape, data }, dtype) => tf.tensor(data, shape, dtype);
const written = (tensor) => ({
  shape: tensor.shape,
  data: Array.from(tensor.dataSync(), (x) => Number(x.toPrecision(8))),
});
const mapValues = (object, map) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));

function record(network, seed) {
  const next = random(seed);
  const inputs = { ...drawAll(network.inputs, next), labels: oneHot(network.classes, next) };
  const parameters = drawAll(network.parameters, next);
  const states = drawAll(network.states, next);
  const feeds = mapValues(inputs, (input, name) => tensorOf(input, name === "tokens" ? "int32" : "float32"));
  const names = Object.keys(parameters);
  let values = mapValues(parameters, (parameter) => tensorOf(parameter));
  let statistics = mapValues(states, (state) => tensorOf(state));
  const losses = [];
  let gradients;
  for (let step = 0; step < STEPS; step++) {
    const lossOf = (...given) =>
      network.loss(Object.fromEntries(names.map((name, i) => [name, given[i]])), feeds, statistics);
    const { value, grads } = tf.valueAndGrads((...given) => lossOf(...given).loss)(Object.values(values));
    losses.push(value.dataSync()[0]);
    const { updates } = lossOf(...Object.values(values));
    gradients ??= Object.fromEntries(names.map((name, i) => [name, written(grads[i])]));
    values = mapValues(values, (parameter, name) =>
      tf.sub(parameter, tf.mul(grads[names.indexOf(name)], network.learningRate)),
    );
    statistics = updates ?? statistics;
  }
  return {
    source: `@tensorflow/tfjs-core ${tf.version_core}, ${tf.getBackend()}`,
    learningRate: network.learningRate,
    inputs,
    parameters,
    states,
    losses: losses.map((loss) => Number(loss.toPrecision(8))),
    gradients,
    trained: mapValues(values, written),
    statistics: mapValues(statistics, written),
  };
}

for (const [i, [name, network]] of Object.entries(networks).entries()) {
  const result = record(network, 1000 + i);
  // One line for each tensor.
  const text = JSON.stringify(result, null, 1).replace(/\[[^{}[\]]*\]/g, (list) => list.replace(/\s+/g, ""));
  writeFileSync(new URL(`../test/vectors/${name}.json`, import.meta.url), `${text}\n`);
  console.log(name, result.losses.join(" "));
}
