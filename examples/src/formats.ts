/**
 * What each format costs in bits and in error: a tensor like the weights of a layer, with a few outliers as real ones
 * have, quantized by one scheme after the other.
 */
import {
  type DType,
  dequantize,
  type Granularity,
  type Mapping,
  quantizationError,
  quantize,
  type Scheme,
} from "@bitbudget/core";

const rows = 256;
const columns = 1024;

/** Normally distributed rows of different spread, one weight in 500 ten times larger (Box and Muller 1958). */
function weights(): Float32Array {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const spread = 0.02 * (1 + (Math.floor(i / columns) % 8));
    return normal * spread * (i % 500 === 0 ? 10 : 1);
  });
}

const tensor: Granularity = { kind: "tensor" };
const channel: Granularity = { kind: "channel", axis: 0 };
const block: Granularity = { kind: "block", axis: 1, size: 32 };
const symmetric: Mapping = { kind: "affine", symmetric: true };
const asymmetric: Mapping = { kind: "affine", symmetric: false };

const schemes: readonly (readonly [string, DType, Granularity, Mapping])[] = [
  ["one scale for the tensor", "int16", tensor, symmetric],
  ["one scale for the tensor", "float8_e4m3fn", tensor, symmetric],
  ["one scale for the tensor", "float8_e5m2", tensor, symmetric],
  ["one scale for the tensor", "int8", tensor, symmetric],
  ["one scale a row", "int8", channel, symmetric],
  ["one scale a block of 32", "int8", block, symmetric],
  ["one scale a row", "int4", channel, symmetric],
  ["one scale a block of 32", "int4", block, symmetric],
  ["scale and zero point a block of 32", "uint4", block, asymmetric],
  ["NF4 codebook, a block of 32", "uint4", block, { kind: "codebook", table: "nf4" }],
  ["k-means codebook, a block of 32", "uint4", block, { kind: "codebook", table: "kmeans" }],
  ["powers of two, a block of 32", "int4", block, { kind: "log2" }],
  ["one scale a block of 32", "float4_e2m1", block, symmetric],
  ["scale and zero point a block of 32", "uint2", block, asymmetric],
  ["one scale a block of 32", "int2", block, symmetric],
];

const x = weights();
const header = ["format", "scheme", "bits/element", "smaller than float32", "SQNR, dB", "largest error"];
const table = schemes.map(([name, dtype, granularity, mapping]) => {
  const scheme: Scheme = { dtype, granularity, mapping };
  const quantized = quantize(x, [rows, columns], scheme);
  const { bitsPerElement, sqnrDb, maxError } = quantizationError(x, quantized);
  if (dequantize(quantized).length !== x.length) throw new Error(`${dtype} lost elements`);
  return [
    dtype,
    name,
    bitsPerElement.toFixed(2),
    `${(32 / bitsPerElement).toFixed(1)}x`,
    sqnrDb.toFixed(1),
    maxError.toExponential(1),
  ];
});

const widths = header.map((title, i) => Math.max(title.length, ...table.map((row) => row[i]?.length ?? 0)));
const line = (row: readonly string[]) =>
  row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
console.log(
  `A tensor of ${rows} x ${columns} weights with outliers, in float32: ${(x.byteLength / 1024).toFixed(0)} KiB\n`,
);
for (const row of [header, ...table]) console.log(line(row));
