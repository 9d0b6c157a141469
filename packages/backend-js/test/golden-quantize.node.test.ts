/** quantize, dequantize and dynamic activations equal onnxruntime's QuantizeLinear and its kin, bit for bit. */
import type { KernelSpec } from "@bitbudget/backend";
import { dtypes, type Granularity, type HostTensor, scalar, tensor, valuesOf } from "@bitbudget/core";
import { describe, test } from "vitest";
import { expectNumbers, expectSame } from "./compare.ts";
import { type GoldenCase, goldenCases } from "./golden.ts";
import { numbers, run } from "./run.ts";

function granularity(golden: GoldenCase, scale: HostTensor): Granularity {
  const axis = golden.number("axis", 1);
  const size = golden.number("block_size", 0);
  if (scale.shape.length === 0) return { kind: "tensor" };
  return size === 0 ? { kind: "channel", axis } : { kind: "block", axis, size, partial: true };
}

describe("QuantizeLinear", () => {
  // Our codes always saturate.
  const cases = goldenCases("quantize", "QuantizeLinear").filter(({ name }) => !name.includes("saturate 0"));
  test.each(cases.map((golden) => [golden.name, golden] as const))("%s", async (_, golden) => {
    const x = golden.input("x");
    const scale = golden.input("y_scale");
    const zeroPoint = golden.optional("y_zero_point");
    const expected = golden.output("y");
    const affine = zeroPoint !== undefined && dtypes[expected.dtype].kind === "integer";
    const spec: KernelSpec<"quantize"> = {
      op: "quantize",
      inputs: [x],
      attributes: { dtype: expected.dtype, granularity: granularity(golden, scale), zeroPoint: affine },
    };
    const y = await numbers(spec, [x], affine ? { scale, zeroPoint } : { scale });
    // Of NaN onnxruntime makes the lowest code, we the zero point (quantize.test.ts).
    const [firstScale = 1] = valuesOf(scale);
    const nan = Array.from(valuesOf(x), (value) => affine && Number.isNaN(value / firstScale));
    expectNumbers(
      y,
      Array.from(valuesOf(expected), (code, i) => (nan[i] ? y[i]! : code)),
    );
  });
});

describe("DequantizeLinear", () => {
  const cases = goldenCases("quantize", "DequantizeLinear");
  test.each(cases.map((golden) => [golden.name, golden] as const))("%s", async (_, golden) => {
    const x = golden.input("x");
    const scale = golden.input("x_scale");
    const zeroPoint = golden.optional("x_zero_point");
    const spec: KernelSpec<"dequantize"> = {
      op: "dequantize",
      inputs: [x],
      attributes: {
        output: "float32",
        granularity: granularity(golden, scale),
        zeroPoint: zeroPoint !== undefined,
      },
    };
    const [y] = await run(spec, [x], zeroPoint ? { scale, zeroPoint } : { scale });
    expectSame(y, golden.output("y"));
  });
});

describe("DynamicQuantizeLinear", () => {
  const cases = goldenCases("quantize", "DynamicQuantizeLinear");
  test.each(cases.map((golden) => [golden.name, golden] as const))("%s", async (_, golden) => {
    const x = golden.input("x");
    const size = valuesOf(x).length;
    // Times 1, every element by itself: what the kernel made of it.
    const spec: KernelSpec<"linear"> = {
      op: "linear",
      inputs: [{ dtype: "float32", shape: [size, 1] }],
      attributes: {
        channels: 1,
        weight: { dtype: "int8", granularity: { kind: "tensor" } },
        dynamic: { dtype: "uint8", granularity: "tensor" },
        output: "float64",
      },
    };
    const y = await numbers(spec, [x], { weight: tensor("int8", [1, 1], [1]), scale: scalar("float32", 1) });
    const [scale = 0] = valuesOf(golden.output("y_scale"));
    const [zeroPoint = 0] = valuesOf(golden.output("y_zero_point"));
    // Of NaN onnxruntime makes the lowest code, we the zero point.
    const nan = Array.from(valuesOf(x), Number.isNaN);
    expectNumbers(
      y,
      Array.from(valuesOf(golden.output("y")), (code, i) => scale * (nan[i] ? 0 : code - zeroPoint)),
    );
  });
});
