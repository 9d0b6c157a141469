import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { affineScale, affineZeroPoint, dtypes } from "../../src/index.ts";
import { parameterCases } from "../support/quantization-vectors.ts";

const codes = ["int2", "uint2", "int4", "uint4", "int8", "uint8", "int16", "uint16"] as const;

describe("scale and zero point", () => {
  test.each([
    // [-1, 1] over 255 steps: -1 is -127.5 steps, so zero is code 127.5, to even 128.
    { min: -1, max: 1, dtype: "uint8", symmetric: false, scale: 2 / 255, zeroPoint: 128 },
    { min: -1, max: 1, dtype: "int8", symmetric: false, scale: 2 / 255, zeroPoint: 0 },
    { min: 0, max: 51, dtype: "uint8", symmetric: false, scale: 0.2, zeroPoint: 0 },
    { min: 0, max: 51, dtype: "int8", symmetric: false, scale: 0.2, zeroPoint: -128 },
    // Zero is included: 10 to 51 is 0 to 51, -51 to -10 is -51 to 0.
    { min: 10, max: 51, dtype: "uint8", symmetric: false, scale: 0.2, zeroPoint: 0 },
    { min: -51, max: -10, dtype: "uint8", symmetric: false, scale: 0.2, zeroPoint: 255 },
    { min: -2, max: 1, dtype: "int8", symmetric: true, scale: 2 / 127, zeroPoint: 0 },
    { min: -2, max: 1, dtype: "uint8", symmetric: true, scale: 2 / 127, zeroPoint: 128 },
    { min: -3.5, max: 7, dtype: "int4", symmetric: true, scale: 1, zeroPoint: 0 },
    { min: -3.5, max: 7, dtype: "uint4", symmetric: true, scale: 1, zeroPoint: 8 },
    { min: -3, max: 3, dtype: "uint2", symmetric: true, scale: 3, zeroPoint: 2 },
    { min: -12, max: 3, dtype: "float4_e2m1", symmetric: true, scale: 2, zeroPoint: 0 },
    { min: -448, max: 0, dtype: "float8_e4m3fn", symmetric: true, scale: 1, zeroPoint: 0 },
    { min: -1, max: 3, dtype: "float16", symmetric: true, scale: 1, zeroPoint: 0 },
    { min: -1, max: 131008, dtype: "float16", symmetric: true, scale: 2, zeroPoint: 0 },
    // Nothing but zero, or what float32 cannot tell from it.
    { min: 0, max: 0, dtype: "uint8", symmetric: false, scale: 1, zeroPoint: 0 },
    { min: 0, max: 0, dtype: "int8", symmetric: false, scale: 1, zeroPoint: -128 },
    { min: 0, max: 0, dtype: "int8", symmetric: true, scale: 1, zeroPoint: 0 },
    { min: 0, max: 1e-37, dtype: "int8", symmetric: true, scale: 1, zeroPoint: 0 },
  ] as const)("$dtype [$min, $max], symmetric $symmetric", ({ min, max, dtype, symmetric, ...expected }) => {
    const scale = affineScale({ min, max }, dtype, symmetric);
    expect({ scale, zeroPoint: affineZeroPoint({ min, max }, scale, dtype, symmetric) }).toEqual(expected);
  });

  test("agree with onnxruntime's rule as numpy computes it", () => {
    for (const { dtype, min, max, ...expected } of parameterCases) {
      const scale = Math.fround(affineScale({ min, max }, dtype, false));
      const symmetricScale = Math.fround(affineScale({ min, max }, dtype, true));
      expect({
        scale,
        zeroPoint: affineZeroPoint({ min, max }, scale, dtype, false),
        symmetricScale,
        symmetricZeroPoint: affineZeroPoint({ min, max }, symmetricScale, dtype, true),
      }).toEqual(expected);
    }
  });

  test("zero is a code, and the ends of the range are no more than a step beyond the codes", () => {
    const end = fc.float({
      noNaN: true,
      noDefaultInfinity: true,
      min: Math.fround(-1e30),
      max: Math.fround(1e30),
    });
    fc.assert(
      fc.property(end, end, fc.constantFrom(...codes), fc.boolean(), (a, b, dtype, symmetric) => {
        const range = { min: Math.min(a, b), max: Math.max(a, b) };
        const scale = affineScale(range, dtype, symmetric);
        const zeroPoint = affineZeroPoint(range, scale, dtype, symmetric);
        const { min, max } = dtypes[dtype];
        expect(zeroPoint).toSatisfy(Number.isInteger);
        expect(zeroPoint).toBeGreaterThanOrEqual(min);
        expect(zeroPoint).toBeLessThanOrEqual(max);
        const slack = 0.5 + 1e-9;
        expect(Math.min(range.min, 0) / scale).toBeGreaterThanOrEqual(min - zeroPoint - slack);
        expect(Math.max(range.max, 0) / scale).toBeLessThanOrEqual(max - zeroPoint + slack);
      }),
    );
  });
});
