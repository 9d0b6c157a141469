import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AffineCode,
  ArgumentError,
  allocateStorage,
  CodeError,
  decodeArray,
  dequantizeAffine,
  dtypes,
  encodeArray,
  type Granularity,
  groupsOf,
  quantizeAffine,
  ScaleError,
  ShapeError,
} from "../../src/index.ts";
import { expectSame } from "../support/compare.ts";
import { dequantizeLinear, groupOfEach, quantizeLinear } from "../support/naive.ts";
import { quantizeCases } from "../support/quantization-vectors.ts";
import { normal, uniform } from "../support/random.ts";

/** Codes one to an element, out of the packed result. */
function quantized(
  x: Float32Array,
  dtype: AffineCode,
  rest: Omit<Parameters<typeof quantizeAffine>[2], "dtype">,
) {
  const out = allocateStorage(dtype, x.length);
  quantizeAffine(x, out, { dtype, ...rest });
  return Int32Array.from(decodeArray(dtype, out, x.length));
}

function dequantized(
  codes: Int32Array,
  dtype: AffineCode,
  rest: Omit<Parameters<typeof quantizeAffine>[2], "dtype">,
) {
  const out = new Float32Array(codes.length);
  dequantizeAffine(encodeArray(dtype, codes), out, { dtype, ...rest });
  return out;
}

describe("ONNX QuantizeLinear and DequantizeLinear as numpy computes them: every tie and its neighbours", async () => {
  test.each(await quantizeCases())(
    "$dtype, scale $scale, zero point $zeroPoint",
    ({ dtype, x, codes, values, ...how }) => {
      expectSame(quantized(x, dtype, how), codes, x);
      expectSame(dequantized(codes, dtype, how), values, codes);
    },
  );
});

test("by hand: int4, scale 0.5, zero point 1, packed", () => {
  const out = new Uint8Array(4);
  // In steps: 0.5 -> 0, 1.5 -> 2, -2.5 -> -2, -9 -> -9, 6.02 -> 6, NaN -> 0, infinity -> all there is. One more: 1, 3, -1, -8, 7, 1, 7
  quantizeAffine(Float32Array.of(0.25, 0.75, -1.25, -4.5, 3.01, NaN, Infinity), out, {
    dtype: "int4",
    scale: 0.5,
    zeroPoint: 1,
  });
  expect(Array.from(out)).toEqual([0x31, 0x8f, 0x17, 0x07]);
  const back = new Float32Array(7);
  dequantizeAffine(out, back, { dtype: "int4", scale: 0.5, zeroPoint: 1 });
  expect(Array.from(back)).toEqual([0, 1, -1, -4.5, 3, 0, 3]);
});

test("a product with the double reciprocal, rounded to float32, is float32 division", () => {
  // The argument is in affine-kernels.ts; quotients next to midpoints of float32s are the hard cases.
  const next = uniform(4);
  const bits = new Uint32Array(1);
  const float = new Float32Array(bits.buffer);
  const random = () => {
    bits[0] = Math.floor(next() * 0x7f800000);
    return float[0]!;
  };
  for (let i = 0; i < 200_000; i++) {
    const scale = random();
    if (scale === 0) continue;
    let x = random();
    if (i % 2 === 0) {
      const quotient = 1 + next();
      const midpoint = Math.fround(quotient) + 2 ** -24;
      x = Math.fround(midpoint * scale);
    }
    const divided = Math.fround(x / scale);
    const multiplied = Math.fround(x * (1 / scale));
    // Below the normal float32s quotients round to code 0 in either case.
    if (divided !== multiplied && divided >= 2 ** -126)
      expect({ x, scale, multiplied }).toEqual({ x, scale, divided });
  }
});

test("per group, over shapes longer than a chunk: as element by element", () => {
  const cases: [number[], Granularity][] = [
    [[9001], { kind: "tensor" }],
    [[3, 3001], { kind: "channel", axis: 0 }],
    [[3001, 3], { kind: "channel", axis: 1 }],
    [[7, 5, 257], { kind: "channel", axis: 1 }],
    [[5, 2100], { kind: "block", axis: 1, size: 100 }],
    [[5, 2101], { kind: "block", axis: 1, size: 32, partial: true }],
    [[2100, 5], { kind: "block", axis: 0, size: 100 }],
    [[2, 2101, 3], { kind: "block", axis: -2, size: 32, partial: true }],
  ];
  for (const [shape, granularity] of cases) {
    for (const dtype of ["int8", "uint4", "int2", "uint16"] as const) {
      const groups = groupsOf(shape, granularity);
      const x = normal(groups.elements, shape.length);
      const next = uniform(groups.count);
      const { min, max } = dtypes[dtype];
      const scale = new Float32Array(groups.count).map(() => (4 / (max - min)) * (0.5 + next()));
      const zeroPoint = new Int32Array(groups.count).map(() => Math.floor(min + next() * (max - min + 1)));
      const of = groupOfEach(shape, granularity);
      const codes = Int32Array.from(x, (value, i) =>
        quantizeLinear(value, scale[of[i]!]!, zeroPoint[of[i]!]!, dtype),
      );
      const values = Float32Array.from(codes, (code, i) =>
        dequantizeLinear(code, scale[of[i]!]!, zeroPoint[of[i]!]!),
      );
      expectSame(quantized(x, dtype, { scale, zeroPoint, groups }), codes, x);
      expectSame(dequantized(codes, dtype, { scale, zeroPoint, groups }), values, codes);
    }
  }
});

test("every code comes back from its value", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<AffineCode>("int2", "uint2", "int4", "uint4", "int8", "uint8", "int16", "uint16"),
      fc.float({ noNaN: true, min: Math.fround(1e-30), max: Math.fround(1e30) }),
      fc.nat(),
      (dtype, scale, n) => {
        const { min, max } = dtypes[dtype];
        const zeroPoint = min + (n % (max - min + 1));
        const codes = Int32Array.from({ length: Math.min(max - min + 1, 500) }, (_, i) => min + i);
        const values = dequantized(codes, dtype, { scale, zeroPoint });
        expectSame(quantized(values, dtype, { scale, zeroPoint }), codes, values);
      },
    ),
  );
});

test("int32, for biases", () => {
  const x = Float32Array.of(0.5, 1.5, -2.5, 1e9, 3e9, -Infinity, NaN);
  const codes = quantized(x, "int32", { scale: 1 });
  expect(Array.from(codes)).toEqual([0, 2, -2, 1e9, 2 ** 31 - 1, -(2 ** 31), 0]);
  expect(Array.from(dequantized(Int32Array.of(16777217, -3), "int32", { scale: 0.5 }))).toEqual([
    8388608, -1.5,
  ]);
});

test("writes what it was asked to, and no more", () => {
  const out = new Int8Array(8).fill(99);
  quantizeAffine(Float32Array.of(1, 2, 3), out.subarray(2), { dtype: "int8", scale: 1 });
  expect(Array.from(out)).toEqual([99, 99, 1, 2, 3, 99, 99, 99]);
  quantizeAffine(new Float32Array(), new Int8Array(), { dtype: "int8", scale: 1 });
});

describe("errors name the group", () => {
  const x = new Float32Array(4);
  const groups = groupsOf([2, 2], { kind: "channel", axis: 0 });
  const run = (rest: object) => () =>
    quantizeAffine(x, new Int8Array(4), { dtype: "int8", scale: 1, groups, ...rest });

  test.each([0, -1, NaN, Infinity, 1e-50])("scale %s", (scale) => {
    expect(run({ scale: [1, scale] })).toThrow(ScaleError);
    expect(run({ scale: [1, scale] })).toThrow(
      expect.objectContaining({ code: "SCALE", index: 1, scale: Math.fround(scale) }),
    );
  });

  test.each([128, -129, 0.5, NaN])("zero point %s", (zeroPoint) => {
    expect(run({ zeroPoint: [0, zeroPoint] })).toThrow(CodeError);
    expect(run({ zeroPoint: [0, zeroPoint] })).toThrow(
      expect.objectContaining({ index: 1, dtype: "int8", value: zeroPoint }),
    );
  });

  test("int32 has no zero point", () => {
    expect(() => quantizeAffine(x, new Int32Array(4), { dtype: "int32", scale: 1, zeroPoint: 1 })).toThrow(
      CodeError,
    );
  });

  test("lengths and array types", () => {
    expect(run({ scale: [1, 1, 1] })).toThrow(ArgumentError);
    expect(run({ groups: groupsOf([2, 3], { kind: "channel", axis: 0 }) })).toThrow(ShapeError);
    expect(() => quantizeAffine(x, new Int8Array(3), { dtype: "int8", scale: 1 })).toThrow(ShapeError);
    expect(() => quantizeAffine(x, new Uint8Array(4) as never, { dtype: "int8", scale: 1 })).toThrow(
      ArgumentError,
    );
    expect(() => dequantizeAffine(new Int8Array(3), x, { dtype: "int8", scale: 1 })).toThrow(ShapeError);
  });
});
