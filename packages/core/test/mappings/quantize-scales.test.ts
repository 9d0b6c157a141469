import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  BlockError,
  checkScheme,
  decode,
  dequantize,
  dtypes,
  encode,
  type Granularity,
  grouped,
  InfinityError,
  type IntegerName,
  minMax,
  NaNError,
  percentile,
  quantize,
  ScaleError,
  type Scheme,
  ShapeError,
  scalesOf,
} from "../../src/index.ts";
import { expectSame } from "../support/compare.ts";
import { affine, codesOf, granularities, groupsOfX, shape, tensor, x } from "../support/quantize.ts";

describe("scales", () => {
  const granularity: Granularity = { kind: "block", axis: 2, size: 17 };
  const { values } = groupsOfX(granularity);
  const wanted = values.map((group) => Math.fround(Math.max(...group.map(Math.abs)) / 7));

  test.each(["float16", "bfloat16", "float8_e4m3fn"] as const)("one level, %s", (dtype) => {
    const q = quantize(x, shape, { dtype: "int4", granularity, mapping: affine(true), scale: { dtype } });
    expectSame(
      scalesOf(q),
      wanted.map((scale) => decode(dtype, encode(dtype, scale))),
    );
    expect(q.superScales).toBeUndefined();
  });

  test.each(["uint8", "float8_e4m3fn", "uint4"] as const)("two levels, %s, 10 to a super scale", (dtype) => {
    const scale = { dtype, super: { size: 10 } };
    const q = quantize(x, shape, { dtype: "int4", granularity, mapping: affine(true), scale });
    expect(q.superScales?.length).toBe(3);
    const largest = dtypes[dtype].max;
    expectSame(
      scalesOf(q),
      wanted.map((scale, i) => {
        const start = i - (i % 10);
        const above = Math.fround(Math.max(...wanted.slice(start, start + 10)) / largest);
        const smallest = dtype === "float8_e4m3fn" ? 2 ** -9 : 1;
        const code = encode(dtype, Math.max(Math.fround(scale / above), smallest));
        return Math.fround(decode(dtype, code) * above);
      }),
    );
  });

  test("a scale too small for its format is its smallest, not zero", () => {
    const scale = { dtype: "float8_e4m3fn" } as const;
    const q = quantize(Float32Array.of(1e-5), [1], {
      dtype: "int8",
      granularity: tensor,
      mapping: affine(true),
      scale,
    });
    expect(Array.from(scalesOf(q))).toEqual([2 ** -9]);
  });

  test("a block of zeros does not spoil the super scale of its neighbours", () => {
    const scheme: Scheme = {
      dtype: "int4",
      granularity: { kind: "block", axis: 0, size: 1 },
      mapping: affine(true),
      scale: { dtype: "uint8", super: { size: 2 } },
    };
    const q = quantize(Float32Array.of(0, 7e-3, 0, 0), [4], scheme);
    expect(dequantize(q)[1]).toBeCloseTo(7e-3, 8);
    expect(Array.from(dequantize(q).filter((_, i) => i !== 1))).toEqual([0, 0, 0]);
  });
});

describe("ranges", () => {
  test("from an observer: what is outside saturates", () => {
    const granularity = { kind: "channel", axis: 0 } as const;
    const observer = grouped(granularity, () => percentile({ percent: 90 }));
    observer.observe(x, shape);
    const ranges = observer.ranges();
    const q = quantize(x, shape, { dtype: "int8", granularity, mapping: affine(true) }, { ranges });
    expectSame(
      scalesOf(q),
      ranges.map(({ min, max }) => Math.fround(Math.max(-min, max) / 127)),
    );
    expect(Math.max(...codesOf(q))).toBe(127);
  });

  test("min-max observers give what no ranges give", () => {
    for (const granularity of granularities) {
      const observer = grouped(granularity, minMax);
      observer.observe(x, shape);
      const scheme: Scheme = { dtype: "uint8", granularity, mapping: affine(false) };
      expect(quantize(x, shape, scheme, { ranges: observer.ranges() })).toEqual(quantize(x, shape, scheme));
    }
  });

  test("with ranges, NaN becomes the code of zero and infinities saturate, in every integer mapping", () => {
    const odd = Float32Array.of(NaN, Infinity, -Infinity);
    const ranges = [{ min: -1, max: 1 }];
    const back = (dtype: IntegerName, mapping: Scheme["mapping"]) =>
      Array.from(dequantize(quantize(odd, [3], { dtype, granularity: tensor, mapping }, { ranges })));
    const scale = Math.fround(2 / 255);
    // 1 / scale is just below 127.5: the zero point is 127.
    expect(back("uint8", affine(false))).toEqual([0, Math.fround(128 * scale), Math.fround(-127 * scale)]);
    expect(back("int4", { kind: "log2" })).toEqual([0, 1, -1]);
    expect(back("uint4", { kind: "codebook", table: "nf4" })).toEqual([0, 1, -1]);
    const float = quantize(
      odd,
      [3],
      { dtype: "float8_e4m3fn", granularity: tensor, mapping: affine(true) },
      { ranges },
    );
    expect(Array.from(dequantize(float))).toEqual([NaN, 1, -1]);
  });

  test("without ranges, NaN and infinity are errors with their index", () => {
    const scheme: Scheme = {
      dtype: "int8",
      granularity: { kind: "channel", axis: 1 },
      mapping: affine(true),
    };
    expect(() => quantize(Float32Array.of(1, 2, 3, NaN), [2, 2], scheme)).toThrow(NaNError);
    expect(() => quantize(Float32Array.of(1, 2, 3, NaN), [2, 2], scheme)).toThrow(
      expect.objectContaining({ index: 3 }),
    );
    expect(() => quantize(Float32Array.of(1, -Infinity), [2, 1], scheme)).toThrow(InfinityError);
  });
});

describe("errors", () => {
  const int8: Scheme = { dtype: "int8", granularity: tensor, mapping: affine(true) };

  test("shapes and blocks", () => {
    expect(() => quantize(x, [2, 2], int8)).toThrow(ShapeError);
    const granularity = { kind: "block", axis: 2, size: 16 } as const;
    expect(() => quantize(x, shape, { ...int8, granularity })).toThrow(BlockError);
  });

  test("ranges", () => {
    const run =
      (...ranges: { min: number; max: number }[]) =>
      () =>
        quantize(x, shape, int8, { ranges });
    expect(run()).toThrow(ArgumentError);
    expect(run({ min: 1, max: 0 })).toThrow("range 0 is [1, 0]");
    expect(run({ min: NaN, max: 0 })).toThrow(ArgumentError);
    expect(run({ min: 0, max: Infinity })).toThrow(ArgumentError);
    expect(run({ min: 0, max: 1e300 })).toThrow(ScaleError);
  });

  test.each<[string, Partial<Scheme>]>([
    ["a format nobody knows", JSON.parse('{ "dtype": "int3" }')],
    ["a mapping nobody knows", JSON.parse('{ "mapping": { "kind": "cubic" } }')],
    ["too wide a format", { dtype: "int32" }],
    ["bool", { dtype: "bool" }],
    ["a float with a zero point", { dtype: "float8_e4m3fn", mapping: affine(false) }],
    ["log2 of a float", { dtype: "float16", mapping: { kind: "log2" } }],
    ["log2 of 16 bits", { dtype: "int16", mapping: { kind: "log2" } }],
    ["NF4 in int4", { dtype: "int4", mapping: { kind: "codebook", table: "nf4" } }],
    ["k-means in int4", { dtype: "int4", mapping: { kind: "codebook", table: "kmeans" } }],
    ["integer scales on one level", { scale: { dtype: "uint8" } }],
    ["scales of 64 bits", { scale: { dtype: "float64" } }],
    ["wide scales on two levels", { scale: { dtype: "float16", super: { size: 4 } } }],
    ["super scales for no scale", { scale: { dtype: "uint8", super: { size: 0 } } }],
  ])("a scheme with %s", (_, part) => {
    expect(() => checkScheme({ ...int8, ...part })).toThrow(ArgumentError);
    expect(() => quantize(x, shape, { ...int8, ...part })).toThrow(ArgumentError);
  });

  test("parts that do not fit each other", () => {
    const scheme: Scheme = {
      dtype: "uint4",
      granularity: { kind: "channel", axis: 0 },
      mapping: affine(false),
      scale: { dtype: "uint8", super: { size: 2 } },
    };
    const q = quantize(x, shape, scheme);
    const { zeroPoints: _, ...without } = q;
    expect(() => dequantize(without)).toThrow(ArgumentError);
    expect(() => dequantize({ ...q, codes: new Uint8Array(3) })).toThrow(ShapeError);
    expect(() => dequantize({ ...q, codes: new Int16Array(3 * 8 * 17) })).toThrow(ArgumentError);
    expect(() => dequantize({ ...q, scales: new Uint8Array(2) })).toThrow(ShapeError);
    expect(() => dequantize({ ...q, superScales: new Float32Array(1) })).toThrow(ShapeError);
    expect(() => dequantize({ ...q, scales: new Uint8Array(3) })).toThrow(
      expect.objectContaining({ code: "SCALE", index: 0 }),
    );
    expect(() => dequantize({ ...q, superScales: Float32Array.of(1, NaN) })).toThrow(
      expect.objectContaining({ code: "SCALE", index: 2 }),
    );
    const mapping = { kind: "codebook", table: "kmeans" } as const;
    const fitted = quantize(x, shape, { dtype: "uint4", granularity: tensor, mapping });
    expect(() => dequantize({ ...fitted, codebook: new Float32Array(15) })).toThrow(ArgumentError);
  });
});
