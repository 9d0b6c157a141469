/** What each op makes of a sound spec: the types of its outputs and weights. */
import { describe, expect, test } from "vitest";
import {
  type AnySpec,
  binaryFunctions,
  definitionOf,
  type KernelSpec,
  opNames,
  ops,
  plainFunctions,
} from "../src/index.ts";
import { altered, of, outputs, spec } from "./specs.ts";

describe("outputs", () => {
  test.each([
    ["linear", [of("float32", 2, 8)]],
    ["conv2d", [of("uint8", 1, 6, 8, 8)]],
    ["convolution", [of("float32", 2, 4, 7, 8)]],
    ["matmul", [of("float32", 5, 2, 4)]],
    ["quantize", [of("int8", 4, 6)]],
    ["dequantize", [of("float32", 4, 6)]],
    ["requantize", [of("uint8", 4, 6)]],
    ["unary", [of("float32", 2)]],
    ["binary", [of("float32", 2, 3)]],
    ["elementwise", [of("int8", 2, 3)]],
    ["lookup", [of("uint8", 2, 3)]],
    ["reduce", [of("float32", 3)]],
    ["softmax", [of("float32", 2, 3)]],
    ["attention", [of("float32", 2, 4, 3, 6)]],
    ["recurrent", [of("float32", 5, 2, 3), of("float32", 2, 3)]],
    ["layerNorm", [of("float32", 2, 3, 4)]],
    ["batchNorm", [of("float32", 2, 3, 4)]],
    ["pool2d", [of("float32", 1, 4, 8, 8)]],
    ["poolGrad", [of("float32", 1, 4, 8, 8)]],
    ["transpose", [of("int64", 4, 2, 3)]],
    ["concat", [of("bool", 2, 4)]],
    ["gather", [of("uint8", 2, 2, 6)]],
    ["scatterAdd", [of("float32", 3, 5, 6)]],
    ["pad", [of("float32", 3, 6)]],
    ["resize", [of("float32", 1, 2, 8, 2)]],
    ["cast", [of("float8_e5m2", 2)]],
    ["where", [of("int8", 2, 3)]],
    ["slice", [of("float32", 3, 5)]],
    ["expand", [of("float32", 3, 2, 4)]],
  ] as const)("of %s", (op, expected) => expect(outputs(spec<AnySpec["op"]>(op))).toEqual(expected));

  test("predicates and comparisons are bool", () => {
    expect(outputs(altered(spec("unary"), "attributes.function.fn", "isNaN"))).toEqual([of("bool", 2)]);
    expect(outputs(altered(spec("binary"), "attributes.function", "less"))).toEqual([of("bool", 2, 3)]);
  });

  test("a chain that does not end in codes gives numbers, of the shape that all inputs broadcast to", () => {
    const steps = [{ kind: "binary", function: "add", of: [0, 1] }];
    const chain = altered(spec("elementwise"), "attributes", { constants: 0, steps });
    const inputs = [of("float32", 4, 1), of("float32", 1, 5)];
    expect(outputs(altered(chain, "inputs", inputs))).toEqual([of("float32", 4, 5)]);
  });

  test("a reduced axis may stay", () => {
    expect(outputs(altered(spec("reduce"), "attributes.keepDims", true))).toEqual([of("float32", 1, 3, 1)]);
  });
});

describe("weights", () => {
  const weights = (of: KernelSpec) => definitionOf(of).weights?.(of);

  test("of float sums: the matrix and a bias", () => {
    expect(weights(spec<AnySpec["op"]>("linear"))).toEqual({
      weight: of("float32", 8, 64),
      bias: of("float32", 8),
    });
  });

  test("of 8-bit sums: scales and zero points of everything", () => {
    expect(weights(spec<AnySpec["op"]>("conv2d"))).toEqual({
      weight: of("int8", 6, 2, 3, 3),
      scale: of("float32", 6),
      bias: of("int32", 6),
      inputScale: of("float32"),
      inputZeroPoint: of("uint8"),
      outputScale: of("float32"),
      outputZeroPoint: of("uint8"),
    });
  });

  test("of raw sums: zero points alone", () => {
    const raw = altered(
      altered(spec("conv2d"), "attributes.output", "int32"),
      "attributes.weight.zeroPoint",
      true,
    );
    expect(weights(raw)).toEqual({
      weight: of("int8", 6, 2, 3, 3),
      zeroPoint: of("int8", 6),
      bias: of("int32", 6),
      inputZeroPoint: of("uint8"),
    });
  });

  test("in blocks: as many as a row takes, the last one shorter", () => {
    const weight = { dtype: "uint4", granularity: { kind: "block", size: 24 }, zeroPoint: true };
    expect(weights(altered(spec("linear"), "attributes.weight", weight))).toEqual({
      weight: of("uint4", 8, 64),
      scale: of("float32", 8, 3),
      zeroPoint: of("uint4", 8, 3),
      bias: of("float32", 8),
    });
  });

  test("of quantization: one scale for each tensor, channel or block", () => {
    expect(weights(spec<AnySpec["op"]>("quantize"))).toEqual({
      scale: of("float32", 4, 2),
      zeroPoint: of("int8", 4, 2),
    });
    expect(weights(spec<AnySpec["op"]>("dequantize"))).toEqual({
      scale: of("float32", 4),
      zeroPoint: of("int4", 4),
    });
    expect(weights(altered(spec("dequantize"), "attributes.granularity", { kind: "tensor" }))).toEqual({
      scale: of("float32"),
      zeroPoint: of("int4"),
    });
    const partial = { kind: "block", axis: 1, size: 4, partial: true };
    expect(weights(altered(spec("quantize"), "attributes.granularity", partial))).toMatchObject({
      scale: of("float32", 4, 2),
    });
    expect(weights(spec<AnySpec["op"]>("requantize"))).toEqual({
      scale: of("float32", 6),
      inputZeroPoint: of("int32"),
      zeroPoint: of("uint8"),
    });
  });

  test("of chains and tables", () => {
    expect(weights(spec<AnySpec["op"]>("elementwise"))).toEqual({ constants: of("float32", 5) });
    expect(weights(spec<AnySpec["op"]>("lookup"))).toEqual({ table: of("uint8", 256) });
  });

  test("of recurrent layers: rows for each gate, a bias where it comes before the reset", () => {
    const recurrence = of("float32", 9, 3);
    expect(weights(spec<AnySpec["op"]>("recurrent"))).toEqual({ recurrence });
    const before = altered(spec("recurrent"), "attributes.linearBeforeReset", true);
    expect(weights(before)).toEqual({ recurrence, bias: of("float32", 3) });
  });

  test("of normalizations", () => {
    expect(weights(spec<AnySpec["op"]>("layerNorm"))).toEqual({
      scale: of("float32", 3, 4),
      bias: of("float32", 3, 4),
    });
    const statistics = of("float32", 4);
    expect(weights(spec<AnySpec["op"]>("batchNorm"))).toEqual({
      scale: statistics,
      bias: statistics,
      mean: statistics,
      variance: statistics,
    });
  });
});

test("a chain is exact where each of its steps is", () => {
  const chain = (fn: string) =>
    altered(spec("elementwise"), "attributes", {
      constants: 2,
      steps: [
        { kind: "dequantize", of: 0, scale: 2, zeroPoint: 3 },
        { kind: "binary", function: "mul", of: [4, 1] },
        { kind: "unary", function: { fn }, of: 5 },
      ],
    });
  const tolerance = (of: KernelSpec) => definitionOf(of).tolerance(of);
  expect(tolerance(chain("relu"))).toEqual({ ulp: 0, of: "result" });
  expect(tolerance(chain("sigmoid"))).toEqual({ ulp: 1, of: "magnitude" });
});

test("every op of the table knows its name, and every function is one that its op takes", () => {
  for (const op of opNames) expect(ops[op].op).toBe(op);
  for (const fn of plainFunctions) {
    const dtype = fn === "not" ? "bool" : fn === "bitwiseNot" ? "int8" : "float32";
    const one: KernelSpec<"unary"> = {
      op: "unary",
      inputs: [of(dtype, 1)],
      attributes: { function: { fn } },
    };
    expect(outputs(one)).toHaveLength(1);
  }
  for (const fn of binaryFunctions) {
    const logical = fn === "and" || fn === "or" || fn === "xor";
    const type = of(logical ? "bool" : "int32", 1);
    const one: KernelSpec<"binary"> = { op: "binary", inputs: [type, type], attributes: { function: fn } };
    expect(outputs(one)).toHaveLength(1);
  }
});
