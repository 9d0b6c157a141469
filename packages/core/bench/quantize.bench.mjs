// Throughput of quantization on one core, over the built package: `pnpm -F @bitbudget/core build && node bench/quantize.bench.mjs`.
// Million elements per second, each from 15 runs: of wall time the median and the first and third quartile, of processor
// time (user and system, all threads) the median. The two agree on an idle machine.
import {
  dequantize,
  dequantizeAffine,
  entropy,
  groupsOf,
  histogram,
  minMax,
  mse,
  percentile,
  quantize,
  quantizeAffine,
} from "@bitbudget/core";

const ELEMENTS = 2 ** 24;
const RUNS = 15;
const SHAPE = [4096, 4096];

/** Normally distributed, seeded. */
function normal(length) {
  const x = new Float32Array(length);
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  for (let i = 0; i < length; i++)
    x[i] = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return x;
}

function measure(name, run) {
  run();
  const wall = [];
  const processor = [];
  for (let i = 0; i < RUNS; i++) {
    const before = process.cpuUsage();
    const start = performance.now();
    run();
    wall.push(ELEMENTS / (performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(before);
    processor.push(ELEMENTS / (user + system));
  }
  const at = (rates, q) =>
    rates
      .sort((a, b) => a - b)
      [Math.round(q * (RUNS - 1))].toFixed(0)
      .padStart(6);
  console.log(`${name.padEnd(54)}${at(wall, 0.5)} ${at(wall, 0.25)} ${at(wall, 0.75)} ${at(processor, 0.5)}`);
}

const x = normal(ELEMENTS);
const y = new Float32Array(ELEMENTS);
const { min, max } = x.reduce((r, v) => ({ min: Math.min(r.min, v), max: Math.max(r.max, v) }), {
  min: 0,
  max: 0,
});
const int8 = { dtype: "int8", scale: Math.max(-min, max) / 127 };
const uint8 = { dtype: "uint8", scale: (max - min) / 255, zeroPoint: Math.round((255 * -min) / (max - min)) };
const int4 = { dtype: "int4", scale: Math.max(-min, max) / 7 };
const bytes = new Int8Array(ELEMENTS);
const unsigned = new Uint8Array(ELEMENTS);
const nibbles = new Uint8Array(ELEMENTS / 2);

console.log(`${ELEMENTS} elements, Node ${process.versions.node}: million elements/s`);
console.log(`${"".padEnd(54)}  wall     q1     q3    cpu`);
measure("float32 to int8, per tensor", () => quantizeAffine(x, bytes, int8));
measure("int8 to float32, per tensor", () => dequantizeAffine(bytes, y, int8));
measure("float32 to uint8, per tensor, asymmetric", () => quantizeAffine(x, unsigned, uint8));
measure("uint8 to float32, per tensor, asymmetric", () => dequantizeAffine(unsigned, y, uint8));
measure("float32 to int8, 4% of it saturated", () =>
  quantizeAffine(x, bytes, { dtype: "int8", scale: 2.05 / 127 }),
);
measure("float32 to packed int4, per tensor", () => quantizeAffine(x, nibbles, int4));
measure("packed int4 to float32, per tensor", () => dequantizeAffine(nibbles, y, int4));
for (const [name, granularity] of [
  ["per channel of axis 0", { kind: "channel", axis: 0 }],
  ["per channel of axis 1", { kind: "channel", axis: 1 }],
  ["in blocks of 32 along axis 1", { kind: "block", axis: 1, size: 32 }],
  ["in blocks of 32 along axis 0", { kind: "block", axis: 0, size: 32 }],
]) {
  const groups = groupsOf(SHAPE, granularity);
  const scale = new Float32Array(groups.count).fill(int4.scale);
  measure(`float32 to packed int4, ${name}`, () => quantizeAffine(x, nibbles, { ...int4, scale, groups }));
  measure(`packed int4 to float32, ${name}`, () => dequantizeAffine(nibbles, y, { ...int4, scale, groups }));
}

const blocks = { kind: "block", axis: 1, size: 64 };
for (const scheme of [
  { dtype: "int8", granularity: { kind: "tensor" }, mapping: { kind: "affine", symmetric: true } },
  { dtype: "uint4", granularity: blocks, mapping: { kind: "affine", symmetric: false } },
  { dtype: "float8_e4m3fn", granularity: { kind: "tensor" }, mapping: { kind: "affine", symmetric: true } },
  { dtype: "uint4", granularity: blocks, mapping: { kind: "codebook", table: "nf4" } },
  { dtype: "int4", granularity: blocks, mapping: { kind: "log2" } },
]) {
  const { dtype, mapping, granularity } = scheme;
  const name = `${dtype}, ${mapping.table ?? mapping.kind}, ${granularity.kind}`;
  let q;
  measure(`quantize with its range: ${name}`, () => (q = quantize(x, SHAPE, scheme)));
  measure(`dequantize: ${name}`, () => dequantize(q));
}

const eightBits = { dtype: "int8", symmetric: true };
for (const [name, make] of Object.entries({ minMax, percentile, mse, entropy })) {
  measure(`observe: ${name}`, () => make(eightBits).observe(x));
}
for (const make of [mse, entropy]) {
  const observer = make(eightBits);
  observer.observe(x);
  const start = performance.now();
  observer.range();
  console.log(`${make.name}: ${(performance.now() - start).toFixed(1)} ms for the range`);
}
measure("histogram", () => histogram().add(x));
