import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dequantize, nf4, quantizationError, quantize, type Scheme, scalesOf } from "../../src/index.ts";
import { affine, codesOf, granularities, shape, tensor, x } from "../support/quantize.ts";
import { normal } from "../support/random.ts";

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
