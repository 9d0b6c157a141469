import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  BlockError,
  checkScheme,
  decode,
  decodeArray,
  dequantize,
  dtypes,
  encode,
  type Granularity,
  grouped,
  InfinityError,
  type IntegerName,
  log2Table,
  minMax,
  NaNError,
  nf4,
  percentile,
  type Quantized,
  quantizationError,
  quantize,
  roundHalfEven,
  ScaleError,
  type Scheme,
  ShapeError,
  scalesOf,
  zeroPointsOf,
} from "../../src/index.ts";
import { expectSame } from "../support/compare.ts";
import { dequantizeLinear, groupOfEach, quantizeLinear } from "../support/naive.ts";
import { normal } from "../support/random.ts";

const tensor: Granularity = { kind: "tensor" };
const affine = (symmetric: boolean) => ({ kind: "affine", symmetric }) as const;

/** Codes one to an element. */
function codesOf({ codes, scheme, shape }: Quantized): number[] {
  return Array.from(
    decodeArray(
      scheme.dtype,
      codes,
      shape.reduce((a, b) => a * b, 1),
    ),
  );
}

describe("by hand", () => {
  test("int8, symmetric, per tensor", () => {
    const x = Float32Array.of(-12.7, -0.05, 0, 0.05, 0.15, 6.35);
    const q = quantize(x, [2, 3], { dtype: "int8", granularity: tensor, mapping: affine(true) });
    expect(q.scales).toEqual(Float32Array.of(12.7 / 127));
    expect(codesOf(q)).toEqual([-127, 0, 0, 0, 2, 64]);
    expect(q.zeroPoints).toBeUndefined();
    expect(dequantize(q)[0]).toBe(Math.fround(-127 * Math.fround(12.7 / 127)));
  });

  test("uint4, asymmetric, in blocks of 2, packed", () => {
    const granularity = { kind: "block", axis: 0, size: 2 } as const;
    const q = quantize(Float32Array.of(-5, 10, 0, 30), [4], {
      dtype: "uint4",
      granularity,
      mapping: affine(false),
    });
    expect(q.scales).toEqual(Float32Array.of(1, 2));
    expect(q.zeroPoints).toEqual(Uint8Array.of(0x05));
    expect(q.codes).toEqual(Uint8Array.of(0xf0, 0xf0));
    expect(Array.from(dequantize(q))).toEqual([-5, 10, 0, 30]);
  });

  test("log2, int4", () => {
    const x = Float32Array.of(8, -4, 1, 0, 0.01, -3.1, 2.9, -0.0625);
    const q = quantize(x, [8], { dtype: "int4", granularity: tensor, mapping: { kind: "log2" } });
    expect(codesOf(q)).toEqual([1, -2, 4, 0, 0, -2, 3, -8]);
    expect(Array.from(dequantize(q))).toEqual([8, -4, 1, 0, 0, -4, 2, -0.0625]);
  });

  test("log2, uint2, has no negative values", () => {
    const q = quantize(Float32Array.of(4, -4, 1, 0.4), [4], {
      dtype: "uint2",
      granularity: tensor,
      mapping: { kind: "log2" },
    });
    expect(Array.from(dequantize(q))).toEqual([4, 0, 1, 0]);
  });

  test("NF4 in blocks", () => {
    const granularity = { kind: "block", axis: 0, size: 2 } as const;
    const mapping = { kind: "codebook", table: "nf4" } as const;
    const q = quantize(Float32Array.of(2, -1, 0, -5), [4], { dtype: "uint4", granularity, mapping });
    expect(q.scales).toEqual(Float32Array.of(2, 5));
    // -0.5 is between -0.525 (code 2) and -0.395.
    expect(codesOf(q)).toEqual([15, 2, 7, 0]);
    expect(dequantize(q)[1]).toBe(Math.fround(nf4[2]! * 2));
  });

  test("k-means finds the values there are", () => {
    const x = Float32Array.from({ length: 10_000 }, (_, i) => [-4, -1, 0.5, 2][i % 4]!);
    const mapping = { kind: "codebook", table: "kmeans" } as const;
    const q = quantize(x, [100, 100], { dtype: "uint2", granularity: tensor, mapping });
    expect(q.codebook).toEqual(Float32Array.of(-1, -0.25, 0.125, 0.5));
    expect(dequantize(q)).toEqual(x);
  });

  test("float4_e2m1 in blocks with float8 scales and one float32 for all: NVFP4", () => {
    const scheme: Scheme = {
      dtype: "float4_e2m1",
      granularity: { kind: "block", axis: -1, size: 2 },
      mapping: affine(true),
      scale: { dtype: "float8_e4m3fn", super: {} },
    };
    const q = quantize(Float32Array.of(6 * 448, 1344, 3, -6, 0, 0), [1, 6], scheme);
    expect(q.superScales).toEqual(Float32Array.of(1));
    // 448, 1, and for a block of zeros the smallest that is not zero.
    expect(Array.from(scalesOf(q))).toEqual([448, 1, 2 ** -9]);
    expect(codesOf(q)).toEqual([6, 3, 3, -6, 0, 0]);
    expect(Array.from(dequantize(q))).toEqual([2688, 1344, 3, -6, 0, 0]);
  });

  test("floats of 16 bits keep what they can hold", () => {
    const x = Float32Array.of(1.5, -(2 ** -14), 65504);
    for (const dtype of ["float16", "float32"] as const) {
      const q = quantize(x, [3], { dtype, granularity: tensor, mapping: affine(true) });
      expect(q.scales).toEqual(Float32Array.of(1));
      expect(dequantize(q)).toEqual(x);
    }
  });
});

const granularities: Granularity[] = [
  tensor,
  { kind: "channel", axis: 0 },
  { kind: "channel", axis: 2 },
  { kind: "block", axis: 1, size: 4 },
  { kind: "block", axis: -1, size: 5, partial: true },
];
const shape = [3, 8, 17];
const x = normal(3 * 8 * 17, 21, 0.3, 2);

function groupsOfX(granularity: Granularity): { of: number[]; values: number[][] } {
  const of = groupOfEach(shape, granularity);
  const values: number[][] = Array.from({ length: Math.max(...of) + 1 }, () => []);
  for (const [i, group] of of.entries()) values[group]!.push(x[i]!);
  return { of, values };
}

describe.each(granularities)("element by element, $kind $axis", (granularity) => {
  const { of, values } = groupsOfX(granularity);

  test.each(["int8", "uint8", "int4", "uint4", "int2", "uint2", "int16", "uint16"] as const)(
    "%s",
    (dtype) => {
      const { min, max } = dtypes[dtype];
      for (const symmetric of [true, false]) {
        const q = quantize(x, shape, { dtype, granularity, mapping: affine(symmetric) });
        const middle = min < 0 ? 0 : (max + 1) / 2;
        const scales = values.map((group) => {
          const [low, high] = [Math.min(...group, 0), Math.max(...group, 0)];
          return Math.fround(symmetric ? Math.max(-low, high) / (max - middle) : (high - low) / (max - min));
        });
        const zeroPoints = values.map((group, i) => {
          const steps = Math.fround(Math.min(...group, 0) / scales[i]!);
          return symmetric ? middle : Math.min(Math.max(roundHalfEven(min - steps), min), max) + 0;
        });
        expectSame(scalesOf(q), scales);
        expectSame(zeroPointsOf(q), zeroPoints);
        const codes = Array.from(x, (v, i) => quantizeLinear(v, scales[of[i]!]!, zeroPoints[of[i]!]!, dtype));
        expectSame(codesOf(q), codes, x);
        expectSame(
          dequantize(q),
          codes.map((code, i) => dequantizeLinear(code, scales[of[i]!]!, zeroPoints[of[i]!]!)),
        );
      }
    },
  );

  test.each([
    ["float8_e4m3fn", 448],
    ["float8_e5m2", 57344],
    ["float4_e2m1", 6],
  ] as const)("%s", (dtype, largest) => {
    const q = quantize(x, shape, { dtype, granularity, mapping: affine(true) });
    const scales = values.map((group) => Math.fround(Math.max(...group.map(Math.abs)) / largest));
    expectSame(scalesOf(q), scales);
    const expected = Array.from(x, (v, i) => {
      const scale = scales[of[i]!]!;
      return Math.fround(decode(dtype, encode(dtype, Math.fround(v / scale))) * scale);
    });
    expectSame(dequantize(q), expected, x);
  });

  test.each([
    [{ kind: "log2" }, "int4", log2Table("int4")],
    [{ kind: "log2" }, "uint8", log2Table("uint8")],
    [{ kind: "codebook", table: "nf4" }, "uint4", nf4],
  ] as const)("%o %s", (mapping, dtype, table) => {
    const q = quantize(x, shape, { dtype, granularity, mapping });
    const result = dequantize(q);
    x.forEach((v, i) => {
      const scale = Math.fround(Math.max(...values[of[i]!]!.map(Math.abs)));
      const candidates = table.map((entry) => Math.fround(entry * scale));
      const least = Math.min(...candidates.map((c) => Math.abs(c - v)));
      expect(Math.abs(result[i]! - v)).toBeLessThanOrEqual(least * (1 + 1e-6));
    });
  });
});

describe("k-means", () => {
  const mapping = { kind: "codebook", table: "kmeans" } as const;

  test("no affine or NF4 mapping of as many bits has a smaller error", () => {
    const error = (scheme: Scheme) => {
      const back = dequantize(quantize(x, shape, scheme));
      return x.reduce((sum, v, i) => sum + (v - back[i]!) ** 2, 0);
    };
    for (const granularity of granularities) {
      const fitted = error({ dtype: "uint4", granularity, mapping });
      expect(fitted).toBeLessThan(
        error({ dtype: "uint4", granularity, mapping: { kind: "codebook", table: "nf4" } }),
      );
      expect(fitted).toBeLessThan(error({ dtype: "int4", granularity, mapping: affine(true) }));
    }
  });

  test("what counts is the error of the values: a channel with a small scale counts little", () => {
    const loud = Float32Array.of(-100, -50, 50, 100);
    const quiet = Float32Array.of(-0.1, -0.02, 0.03, 0.08);
    const both = Float32Array.from([...loud, ...quiet]);
    const scheme: Scheme = { dtype: "uint2", granularity: { kind: "channel", axis: 0 }, mapping };
    const { codebook } = quantize(both, [2, 4], scheme);
    [-1, -0.5, 0.5, 1].forEach((value, code) => {
      expect(codebook![code]).toBeCloseTo(value, 5);
    });
  });

  test("on a normal distribution, has the error of the optimal quantizer (Max 1960, table I)", () => {
    const many = normal(200_000, 40);
    for (const [dtype, distortion] of [
      ["uint2", 0.1175],
      ["uint4", 0.009497],
    ] as const) {
      const q = quantize(many, [many.length], { dtype, granularity: tensor, mapping });
      expect(Math.abs(quantizationError(many, q).mse / distortion - 1)).toBeLessThan(0.02);
    }
  });

  test("binning many elements costs little: close to clustering them one by one", () => {
    const many = normal(20_000, 4);
    const scheme: Scheme = { dtype: "uint4", granularity: tensor, mapping };
    const q = quantize(many, [20_000], scheme);
    // Lloyd's algorithm from that codebook on the elements themselves barely moves it.
    const scale = q.scales[0] as number;
    const sums = new Float64Array(16);
    const counts = new Float64Array(16);
    codesOf(q).forEach((code, i) => {
      sums[code]! += many[i]! / scale;
      counts[code]!++;
    });
    q.codebook!.forEach((value, code) => {
      expect(Math.abs(sums[code]! / counts[code]! - value)).toBeLessThan(1 / 4096);
    });
  });
});

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

test("nothing at all, and a scalar", () => {
  const scheme: Scheme = { dtype: "int4", granularity: tensor, mapping: affine(false) };
  expect(dequantize(quantize(new Float32Array(), [0, 4], scheme))).toEqual(new Float32Array());
  expect(dequantize(quantize(Float32Array.of(15), [], scheme))).toEqual(Float32Array.of(15));
  const none: Scheme = {
    dtype: "uint4",
    granularity: { kind: "channel", axis: 1 },
    mapping: { kind: "codebook", table: "kmeans" },
  };
  expect(scalesOf(quantize(new Float32Array(), [0, 4], none))).toEqual(new Float32Array(4).fill(1));
});

test("is plain data: it survives structuredClone", () => {
  const q = quantize(x, shape, { dtype: "uint4", granularity: granularities[3]!, mapping: affine(false) });
  expect(dequantize(structuredClone(q))).toEqual(dequantize(q));
});

test("within its range, no value moves by more than half a step, and a saturated one by no more than the zero point's rounding", () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 }),
      fc.constantFrom("int8", "uint8", "int4", "uint4", "int2", "uint2"),
      fc.boolean(),
      (list, dtype, symmetric) => {
        const values = Float32Array.from(list);
        const q = quantize(values, [values.length], {
          dtype,
          granularity: tensor,
          mapping: affine(symmetric),
        });
        const scale = scalesOf(q)[0]!;
        dequantize(q).forEach((value, i) => {
          expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(
            scale * (symmetric ? 0.5 : 1) * (1 + 1e-5),
          );
        });
      },
    ),
  );
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
