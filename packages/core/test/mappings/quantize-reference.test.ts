import { describe, expect, test } from "vitest";
import {
  decode,
  dequantize,
  dtypes,
  encode,
  log2Table,
  nf4,
  quantize,
  roundHalfEven,
  scalesOf,
  zeroPointsOf,
} from "../../src/index.ts";
import { expectSame } from "../support/compare.ts";
import { dequantizeLinear, quantizeLinear } from "../support/naive.ts";
import { affine, codesOf, granularities, groupsOfX, shape, x } from "../support/quantize.ts";

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
