/** Pad, Gather and Resize equal onnxruntime: elements that move bit for bit, interpolated ones within the tolerance. */
import { definitionOf, type KernelSpec, type ResizeAttributes } from "@bitbudget/backend";
import { type HostTensor, normalizeAxis, tensor, valuesOf } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { expectClose, expectSame } from "./compare.ts";
import { type GoldenCase, goldenCases } from "./golden.ts";
import { run } from "./run.ts";

function named(cases: readonly GoldenCase[]) {
  expect(cases.length).toBeGreaterThan(0);
  return cases.map((golden) => [golden.name, golden] as const);
}

function listOf(of: HostTensor | undefined): number[] | undefined {
  return of && Array.from(valuesOf(of));
}

describe("Pad", () => {
  test.each(named(goldenCases("float", "Pad")))("%s", async (_, golden) => {
    const data = golden.input("data");
    const rank = data.shape.length;
    const axes = listOf(golden.optional("axes")) ?? data.shape.map((_, axis) => axis);
    const given = listOf(golden.input("pads")) ?? [];
    const pads = data.shape.map((): [number, number] => [0, 0]);
    for (const [i, axis] of axes.entries())
      pads[normalizeAxis(axis, rank)] = [given[i]!, given[i + axes.length]!];
    const [value = 0] = listOf(golden.optional("constant_value")) ?? [];
    const mode = golden.text("mode", "constant") as "constant" | "reflect" | "edge" | "wrap";
    const [y] = await run({ op: "pad", inputs: [data], attributes: { pads, mode, value } }, [data]);
    expectSame(y, golden.output("output"));
  });
});

describe("Gather", () => {
  test.each(named(goldenCases("float", "Gather")))("%s", async (_, golden) => {
    const data = golden.input("data");
    const given = golden.input("indices");
    const indices = tensor("int32", given.shape, valuesOf(given));
    const axis = normalizeAxis(golden.number("axis", 0), data.shape.length);
    const [y] = await run({ op: "gather", inputs: [data, indices], attributes: { axis } }, [data, indices]);
    expectSame(y, golden.output("output"));
  });
});

function resizeSpec(golden: GoldenCase): KernelSpec<"resize"> {
  const coordinates = golden.text(
    "coordinate_transformation_mode",
    "half_pixel",
  ) as ResizeAttributes["coordinates"];
  const scales = listOf(golden.optional("scales"));
  return {
    op: "resize",
    inputs: [golden.input("X")],
    attributes: {
      sizes: golden.output("Y").shape,
      mode: golden.text("mode", "nearest") as ResizeAttributes["mode"],
      coordinates,
      nearest: golden.text("nearest_mode", "round_prefer_floor") as NonNullable<ResizeAttributes["nearest"]>,
      cubicA: golden.number("cubic_coeff_a", -0.75),
      excludeOutside: golden.number("exclude_outside", 0) === 1,
      antialias: golden.number("antialias", 0) === 1,
      // onnxruntime aligns corners by the length of the output, not by the scale.
      ...(scales && coordinates !== "align_corners" && { scales }),
    },
  };
}

describe("Resize", () => {
  test.each(named(goldenCases("float", "Resize")))("%s", async (_, golden) => {
    const x = golden.input("X");
    const spec = resizeSpec(golden);
    const [y] = await run(spec, [x]);
    const magnitude = Math.max(...valuesOf(x).map(Math.abs));
    const expected = golden.output("Y");
    // Coordinates in float32 are off by a few units of the last place of the largest, which moves every weight.
    const tolerance = definitionOf(spec).tolerance(spec);
    const magnitudes = new Float64Array(valuesOf(expected).length).fill(magnitude);
    expectClose(y, expected, tolerance, magnitudes);
  });
});
