/** Operations and bytes of specs, worked out by hand. */
import { describe, expect, test } from "vitest";
import { type Cost, costOf, definitionOf, type KernelSpec, sumOf } from "../src/index.ts";

const cost = (operations: number, inputBytes: number, weightBytes: number, outputBytes: number): Cost => ({
  operations,
  inputBytes,
  weightBytes,
  outputBytes,
});

describe("costOf", () => {
  test("linear: 4 rows of 64 times 64 by 10, with a bias", () => {
    const spec: KernelSpec<"linear"> = {
      op: "linear",
      inputs: [{ dtype: "float32", shape: [2, 2, 64] }],
      attributes: { channels: 10, weight: { dtype: "float32" }, output: "float16", bias: "float32" },
    };
    expect(costOf(spec)).toEqual(cost(2 * 4 * 64 * 10, 4 * 64 * 4, 10 * 64 * 4 + 10 * 4, 4 * 10 * 2));
  });

  test("linear: 4-bit weights in blocks of 32, the last one shorter, with zero points", () => {
    const spec: KernelSpec<"linear"> = {
      op: "linear",
      inputs: [{ dtype: "float32", shape: [1, 65] }],
      attributes: {
        channels: 3,
        weight: { dtype: "uint4", granularity: { kind: "block", size: 32 }, zeroPoint: true },
        output: "float32",
      },
    };
    // 195 codes in 98 bytes; 9 scales in 36; 9 zero points in 5.
    expect(costOf(spec)).toEqual(cost(2 * 65 * 3, 260, 98 + 36 + 5, 12));
  });

  test("linear: uint8 to uint8, per channel", () => {
    const spec: KernelSpec<"linear"> = {
      op: "linear",
      inputs: [{ dtype: "uint8", shape: [7, 5] }],
      attributes: {
        channels: 2,
        weight: { dtype: "int8", granularity: { kind: "channel" } },
        output: "uint8",
        bias: "int32",
      },
    };
    // Codes 10, scales 8, bias 8, inputScale and outputScale 4 each, zero points 1 each.
    expect(costOf(spec)).toEqual(cost(2 * 7 * 5 * 2, 35, 10 + 8 + 8 + 4 + 4 + 1 + 1, 14));
  });

  test("conv2d: 8 to 16 channels in 2 groups, 3x3, stride 2 on 9x9", () => {
    const spec: KernelSpec<"conv2d"> = {
      op: "conv2d",
      inputs: [{ dtype: "float32", shape: [1, 8, 9, 9] }],
      attributes: {
        layout: "nchw",
        channels: 16,
        groups: 2,
        kernel: [3, 3],
        strides: [2, 2],
        dilations: [1, 1],
        pads: [1, 1, 1, 1],
        weight: { dtype: "float32" },
        output: "float32",
      },
    };
    // 5x5 positions, 16 filters, sums of 4 * 9 terms.
    expect(costOf(spec)).toEqual(cost(2 * 25 * 16 * 36, 8 * 81 * 4, 16 * 36 * 4, 16 * 25 * 4));
  });

  test("matmul: batches count as often as they broadcast", () => {
    const spec: KernelSpec<"matmul"> = {
      op: "matmul",
      inputs: [
        { dtype: "int8", shape: [2, 1, 3, 4] },
        { dtype: "int8", shape: [5, 4, 6] },
      ],
      attributes: { output: "int32" },
    };
    expect(costOf(spec)).toEqual(cost(2 * 10 * 3 * 4 * 6, 24 + 120, 2, 10 * 18 * 4));
  });

  test("attention: keys that a causal query does not see cost nothing", () => {
    const [q, k, v] = [
      [1, 4, 3, 8],
      [1, 2, 5, 8],
      [1, 2, 5, 6],
    ];
    const spec = (causal: boolean): KernelSpec<"attention"> => ({
      op: "attention",
      inputs: [q, k, v].map((shape) => ({ dtype: "float32", shape })),
      attributes: { scale: 1, causal },
    });
    // 4 heads; for each pair of query and key 8 and 6 multiply-adds, and 5 for the softmax.
    const bytes = [4 * (96 + 80 + 60), 0, 4 * 72] as const;
    expect(costOf(spec(false))).toEqual(cost(4 * 15 * 33, ...bytes));
    // The queries see 3, 4 and 5 keys.
    expect(costOf(spec(true))).toEqual(cost(4 * 12 * 33, ...bytes));
  });

  test("recurrent: three gates of 3, 5 steps of 2 sequences", () => {
    const spec: KernelSpec<"recurrent"> = {
      op: "recurrent",
      inputs: [
        { dtype: "float16", shape: [5, 2, 9] },
        { dtype: "float16", shape: [2, 3] },
      ],
      attributes: { cell: "gru" },
    };
    // For each gate 3 multiply-adds and 3 operations; 27 recurrent weights.
    expect(costOf(spec)).toEqual(cost(10 * 9 * (2 * 3 + 3), 2 * (90 + 6), 4 * 27, 2 * (30 + 6)));
  });

  test("ops that move elements cost their bytes alone", () => {
    const spec: KernelSpec<"transpose"> = {
      op: "transpose",
      inputs: [{ dtype: "float16", shape: [3, 4] }],
      attributes: { perm: [1, 0] },
    };
    expect(costOf(spec)).toEqual(cost(0, 24, 0, 24));
  });

  test("quantize: float32 to 4-bit codes in blocks", () => {
    const spec: KernelSpec<"quantize"> = {
      op: "quantize",
      inputs: [{ dtype: "float32", shape: [3, 8] }],
      attributes: { dtype: "int4", granularity: { kind: "block", axis: 1, size: 4 }, zeroPoint: true },
    };
    expect(costOf(spec)).toEqual(cost(96, 96, 24 + 3, 12));
  });
});

describe("tolerances of sums", () => {
  test("grow with the length, in places of the output's format", () => {
    expect(sumOf(10)).toEqual({ ulp: 13, of: "magnitude" });
    // A place of float16 is 2^13 places of float32, one of bfloat16 2^16.
    expect(sumOf(10, "float16")).toEqual({ ulp: 2, of: "magnitude" });
    expect(sumOf(2 ** 14 - 3, "float16")).toEqual({ ulp: 3, of: "magnitude" });
    expect(sumOf(2 ** 16, "bfloat16")).toEqual({ ulp: 3, of: "magnitude" });
  });

  test("are none for integers", () => {
    const spec = (output: "int32" | "float32"): KernelSpec<"matmul"> => ({
      op: "matmul",
      inputs: [
        { dtype: "uint8", shape: [2, 100] },
        { dtype: "int8", shape: [100, 2] },
      ],
      attributes: { output },
    });
    expect(definitionOf(spec("int32")).tolerance(spec("int32"))).toEqual({ ulp: 0, of: "result" });
    // One scaled sum, whatever its length.
    expect(definitionOf(spec("float32")).tolerance(spec("float32"))).toEqual({ ulp: 5, of: "magnitude" });
  });
});
