/**
 * Elements per second of the whole-array codecs on one core: medians over the built package.
 *
 *     pnpm -F @bitbudget/core build && pnpm exec node packages/core/bench/codecs.bench.mjs [elements] [runs]
 */
import { decodeArray, encodeArray, pack, roundArray, unpack } from "../dist/index.js";

const elements = Number(process.argv[2] ?? 2 ** 22);
const runs = Number(process.argv[3] ?? 9);

/** Standard normal numbers, in float32 and in float64, from a seed. */
function normal(seed) {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float64Array.from(
    { length: elements },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

/** Median of millions of elements per second. */
function speed(work) {
  for (let i = 0; i < 3; i++) work();
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  times.sort((a, b) => a - b);
  return Math.round(elements / times[runs >> 1] / 1e3);
}

const numbers = normal(1);
const scaled = (factor, mean) => Float64Array.from(numbers, (x) => x * factor + mean);
const rows = {};

// Standard deviation and mean: about one in a thousand saturates in the integer formats.
for (const [dtype, factor, mean = 0] of [
  ["float16", 1],
  ["float16", 1e-5],
  ["bfloat16", 1],
  ["float8_e4m3fn", 1],
  ["float8_e4m3fn", 200],
  ["float8_e5m2", 1],
  ["float4_e2m1", 1],
  ["int16", 1e4],
  ["uint16", 1e4, 32768],
  ["int8", 40],
  ["uint8", 40, 128],
  ["int4", 2.3],
  ["uint4", 2.3, 7.5],
  ["int2", 0.5],
]) {
  const doubles = scaled(factor, mean);
  const values = Float32Array.from(doubles);
  const codes = encodeArray(dtype, values);
  const back = decodeArray(dtype, codes, elements);
  rows[`${dtype} of N(${mean}, ${factor})`] = {
    encode: speed(() => encodeArray(dtype, values, codes)),
    "encode float64": speed(() => encodeArray(dtype, doubles, codes)),
    decode: speed(() => decodeArray(dtype, codes, elements, back)),
    round: speed(() => roundArray(dtype, values, back)),
  };
}
for (const dtype of ["int4", "uint4", "int2", "uint2"]) {
  const bits = Number(dtype.at(-1));
  const packed = encodeArray(dtype, scaled(2, 0));
  const codes = unpack(dtype, packed, elements);
  rows[`pack ${dtype}`] = {
    encode: speed(() => pack(codes, bits, packed)),
    decode: speed(() => unpack(dtype, packed, elements, codes)),
  };
}

console.log(`${elements} elements, Node ${process.version}: million elements per second, median of ${runs}`);
console.table(rows);
