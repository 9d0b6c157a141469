/** linear of activations that it quantizes itself. */
import { tensor } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { f32, linear, one } from "./linear.ts";
import { numbers } from "./run.ts";

describe("dynamic", () => {
  const int8 = { dtype: "int8", granularity: { kind: "tensor" } } as const;
  const identity = tensor("int8", [2, 2], [1, 0, 0, 1]);

  test("uint8, one scale for the tensor", async () => {
    const spec = linear("float32", [2, 2], {
      channels: 2,
      weight: int8,
      dynamic: { dtype: "uint8", granularity: "tensor" },
      output: "float32",
    });
    // From -55 to 200 the scale is 1 and the zero point 55, added after the rounding: 0.5 becomes 0, 55.5 would be 56.
    expect(await numbers(spec, [[-55, 200, 0.5, 1.5]], { weight: identity, scale: one })).toEqual([
      -55, 200, 0, 2,
    ]);
    // Positive numbers: the range takes in 0. Nothing but zeros: the scale is 1.
    expect(await numbers(spec, [[255, 1.4, 2, 3]], { weight: identity, scale: one })).toEqual([255, 1, 2, 3]);
    expect(await numbers(spec, [[0, 0, -0, 0]], { weight: identity, scale: one })).toEqual([0, 0, 0, 0]);
    // NaN does not count, and stands for 0.
    expect(await numbers(spec, [[255, NaN, 2, 3]], { weight: identity, scale: one })).toEqual([255, 0, 2, 3]);
  });

  test("int8, a scale for each row", async () => {
    const spec = linear("float32", [3, 2], {
      channels: 2,
      weight: int8,
      dynamic: { dtype: "int8", granularity: "row" },
      output: "float32",
      bias: "float32",
    });
    const x = [127, 2.5, -254, 5, 0, 0];
    expect(await numbers(spec, [x], { weight: identity, scale: one, bias: f32([2], [0, 0.5]) })).toEqual([
      127, 2.5, -254, 4.5, 0, 0.5,
    ]);
  });

  test("int8 codes stay within -127 and 127, even where the scale is too small to be exact", async () => {
    const spec = linear("float32", [1, 2], {
      channels: 2,
      weight: int8,
      dynamic: { dtype: "int8", granularity: "row" },
      output: "float64",
    });
    // 178 steps of the smallest float32; 178 / 127 of it is rounded to 1.
    const tiny = 2 ** -149;
    expect(await numbers(spec, [[-178 * tiny, 3 * tiny]], { weight: identity, scale: one })).toEqual([
      -127 * tiny,
      3 * tiny,
    ]);
  });

  test("int8, a scale for each block of each row", async () => {
    const spec = linear("float32", [2, 3], {
      channels: 1,
      weight: { dtype: "int4", granularity: { kind: "block", size: 2 } },
      dynamic: { dtype: "int8", granularity: "block" },
      output: "float32",
    });
    const weights = { weight: tensor("int4", [1, 3], [1, 2, 3]), scale: f32([1, 2], [1, 0.5]) };
    // Scales 1 and 2 of the first row; 0 (nothing to quantize) and 1/127 of the second.
    expect(await numbers(spec, [[-127, 2.5, 254, 0, 0, 1]], weights)).toEqual([
      -127 + 2 * 2 + 254 * 3 * 0.5,
      Math.fround((127 * 3 * Math.fround(1 / 127)) / 2),
    ]);
  });

  test("a scale for each row with weights in blocks", async () => {
    const spec = linear("float32", [2, 3], {
      channels: 1,
      weight: { dtype: "uint2", granularity: { kind: "block", size: 2 }, zeroPoint: true },
      dynamic: { dtype: "int8", granularity: "row" },
      output: "float32",
    });
    const weights = {
      weight: tensor("uint2", [1, 3], [3, 1, 0]),
      scale: f32([1, 2], [1, 10]),
      zeroPoint: tensor("uint2", [1, 2], [2, 1]),
    };
    // Weights 1 -1 | -10.
    expect(await numbers(spec, [[127, 3, 1, 254, 3, 7]], weights)).toEqual([127 - 3 - 10, 254 - 4 - 80]);
  });
});
