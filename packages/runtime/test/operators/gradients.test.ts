/** The operators that graphs for training are built of, on results worked out by hand. */
import { open } from "@bitbudget/backend-js";
import { tensor, valuesOf } from "@bitbudget/core";
import type { AttributeValue } from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import { createSession, INTERNAL } from "../../src/index.ts";
import { oneNode, runOneNode } from "../support/one-node.ts";

const ints = (...values: number[]) => values.map(BigInt);
const f32 = (shape: readonly number[], values: readonly number[]) => tensor("float32", shape, values);

async function numbers(
  opType: string,
  inputs: Parameters<typeof runOneNode>[0]["inputs"],
  attributes: Readonly<Record<string, AttributeValue>>,
): Promise<[shape: readonly number[], values: number[]]> {
  const { y0 } = await runOneNode({ opType, domain: INTERNAL, inputs, attributes, outputs: ["float32"] });
  return [y0!.shape, Array.from(valuesOf(y0!))];
}

describe("gradients of convolutions", () => {
  // Windows of two in steps of two over 0 1 | 2 3 | and 4, which none of them sees.
  const row = { kernel_shape: ints(1, 2), strides: ints(1, 2), pads: ints(0, 1, 0, 0) };
  const [filter, dy] = [f32([1, 1, 1, 2], [10, 1]), f32([1, 1, 1, 2], [5, 7])];

  test("ConvInputGrad: input_shape tells what strides leave open", async () => {
    const at = (width: number) =>
      numbers("ConvInputGrad", [dy, filter], { ...row, input_shape: ints(1, width) });
    expect(await at(4)).toEqual([
      [1, 1, 1, 4],
      [5, 70, 7, 0],
    ]);
    expect(await at(3)).toEqual([
      [1, 1, 1, 3],
      [5, 70, 7],
    ]);
    await expect(at(5)).rejects.toThrow(/one element for each window/);
  });

  test("ConvFilterGrad", async () => {
    const x = f32([1, 1, 1, 4], [1, 2, 3, 4]);
    expect(await numbers("ConvFilterGrad", [x, dy], row)).toEqual([
      [1, 1, 1, 2],
      [14, 26],
    ]);
  });

  test("one spatial axis, two groups", async () => {
    const x = f32([1, 2, 3], [1, 2, 3, 4, 5, 6]);
    const w = f32([2, 1, 2], [1, 10, 100, 1000]);
    const gradient = f32([1, 2, 2], [1, 2, 3, 4]);
    const attributes = { kernel_shape: ints(2), group: 2n };
    expect(await numbers("ConvInputGrad", [gradient, w], { ...attributes, input_shape: ints(3) })).toEqual([
      [1, 2, 3],
      [1, 12, 20, 300, 3400, 4000],
    ]);
    expect(await numbers("ConvFilterGrad", [x, gradient], attributes)).toEqual([
      [2, 1, 2],
      [5, 8, 32, 39],
    ]);
  });

  test("are those of one or two axes", async () => {
    const [x, gradient] = [
      f32([1, 1, 2, 2, 2], new Array(8).fill(1)),
      f32([1, 1, 2, 2, 2], new Array(8).fill(1)),
    ];
    const attributes = { kernel_shape: ints(1, 1, 1) };
    await expect(numbers("ConvFilterGrad", [x, gradient], attributes)).rejects.toThrow(
      /one or two spatial axes/,
    );
  });
});

describe("gradients of pools", () => {
  test("MaxPoolGrad: to the first of equal elements", async () => {
    const [x, dy] = [f32([1, 1, 2, 2], [3, 7, 7, 7]), f32([1, 1, 1, 1], [5])];
    expect(await numbers("MaxPoolGrad", [x, dy], { kernel_shape: ints(2, 2) })).toEqual([
      [1, 1, 2, 2],
      [0, 5, 0, 0],
    ]);
  });

  test("MaxPoolGrad of one axis with ceil_mode", async () => {
    const [x, dy] = [f32([1, 1, 3], [1, 2, 3]), f32([1, 1, 2], [10, 200])];
    const attributes = { kernel_shape: ints(2), strides: ints(2), ceil_mode: 1n };
    expect(await numbers("MaxPoolGrad", [x, dy], attributes)).toEqual([
      [1, 1, 3],
      [0, 10, 200],
    ]);
  });

  test.each([
    [0n, [3 + 4, 3 + 4 + 9, 4 + 9]],
    [1n, [2 + 4, 2 + 4 + 6, 4 + 6]],
  ])("AveragePoolGrad with count_include_pad %i", async (count_include_pad, expected) => {
    const dy = f32([1, 1, 1, 3], [6, 12, 18]);
    const attributes = {
      kernel_shape: ints(1, 3),
      pads: ints(0, 1, 0, 1),
      input_shape: ints(1, 3),
      count_include_pad,
    };
    expect(await numbers("AveragePoolGrad", [dy], attributes)).toEqual([[1, 1, 1, 3], expected]);
  });
});

describe("GatherGrad", () => {
  test.each(["int32", "int64"] as const)("adds rows up at %s indices", async (format) => {
    const indices = tensor(format, [3], [2, 0, -1]);
    const dy = f32([3, 2], [1, 2, 30, 40, 500, 600]);
    expect(await numbers("GatherGrad", [indices, dy], { axis: 0n, size: 3n })).toEqual([
      [3, 2],
      [30, 40, 0, 0, 501, 602],
    ]);
  });

  test("counts a negative axis from the end of the result", async () => {
    const [indices, dy] = [tensor("int64", [2], [1, 1]), f32([2, 2], [1, 2, 3, 4])];
    expect(await numbers("GatherGrad", [indices, dy], { axis: -1n, size: 3n })).toEqual([
      [2, 3],
      [0, 3, 0, 0, 7, 0],
    ]);
  });
});

test("a Conv and a ConvTranspose whose filters come with the run are planned once, as one kernel", async () => {
  const inputs = [f32([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]), f32([1, 1, 2, 2], [1, 10, 100, 1000])];
  for (const opType of ["Conv", "ConvTranspose"]) {
    const { model, feeds } = oneNode({ opType, inputs, outputs: ["float32"] });
    await using backend = await open();
    await using session = await createSession(model, { backend });
    await session.run(feeds);
    expect(session.plan?.rows.map(({ kernel }) => kernel)).toEqual(["convolution float32 -> float32"]);
  }
});
