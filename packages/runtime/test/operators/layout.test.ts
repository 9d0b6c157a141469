/** Operators that move elements: opset versions, formats of less than a byte, and laws that hold for all shapes. */
import { type DType, elementCount, type HostTensor, scalar, tensor } from "@bitbudget/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type OneNode, runOneNode } from "../support/one-node.ts";

const int64 = (...values: (number | bigint)[]) => tensor("int64", [values.length], values);
const counting = (...shape: number[]) =>
  tensor(
    "float32",
    shape,
    Float32Array.from({ length: elementCount(shape) }, (_, i) => i),
  );

async function first(node: Omit<OneNode, "outputs">, dtype: DType = "float32"): Promise<HostTensor> {
  const { y0 } = await runOneNode({ ...node, outputs: [dtype] });
  if (y0 === undefined) throw new Error("there is no result");
  return y0;
}

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });

test("a permutation and its inverse leave a tensor as it was", async () => {
  const cases = shapes.chain((shape) =>
    fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ([shape, perm]) => {
      const x = counting(...shape);
      const there = await first({ opType: "Transpose", inputs: [x], attributes: { perm: perm.map(BigInt) } });
      expect(there.shape).toEqual(perm.map((axis) => shape[axis]));
      const inverse = perm.map((_, axis) => BigInt(perm.indexOf(axis)));
      expect(await first({ opType: "Transpose", inputs: [there], attributes: { perm: inverse } })).toEqual(x);
    }),
    { numRuns: 25 },
  );
});

test("what Split cuts Concat joins", async () => {
  const cases = fc.tuple(
    shapes,
    fc.nat(),
    fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ([shape, where, sizes]) => {
      const axis = where % shape.length;
      const x = counting(
        ...shape.with(
          axis,
          sizes.reduce((sum, size) => sum + size, 0),
        ),
      );
      const attributes = { axis: BigInt(axis - shape.length) };
      const outputs = sizes.map(() => "float32" as const);
      const parts = await runOneNode({ opType: "Split", inputs: [x, int64(...sizes)], attributes, outputs });
      const inputs = sizes.map((_, i) => parts[`y${i}`]);
      expect(inputs.map((part) => part?.shape[axis])).toEqual(sizes);
      expect(await first({ opType: "Concat", inputs, attributes })).toEqual(x);
    }),
    { numRuns: 25 },
  );
});

test("Split is even before opset 18, and told how many parts to make since", async () => {
  const sizes = async (
    opset: number,
    length: number,
    attributes: Record<string, bigint | bigint[]>,
    parts: number,
  ) => {
    const outputs = Array.from({ length: parts }, () => "float32" as const);
    const results = await runOneNode({
      opType: "Split",
      opset,
      inputs: [counting(length)],
      attributes,
      outputs,
    });
    return outputs.map((_, i) => results[`y${i}`]?.shape[0]);
  };
  expect(await sizes(7, 6, {}, 3)).toEqual([2, 2, 2]);
  expect(await sizes(11, 6, { split: [1n, 5n] }, 2)).toEqual([1, 5]);
  expect(await sizes(18, 7, { num_outputs: 3n }, 3)).toEqual([3, 3, 1]);
  await expect(sizes(11, 6, { split: [1n, 6n] }, 2)).rejects.toThrow(/cannot cut 6 into parts of 1, 6/);
});

test.each([
  { starts: [1], ends: [2n ** 63n - 1n], result: [1, 2, 3] },
  { starts: [-1], ends: [-(2n ** 63n)], steps: [-1], result: [3, 2, 1, 0] },
  { starts: [9], ends: [0], steps: [-2], result: [3, 1] },
  { starts: [-9], ends: [-1], steps: [2], result: [0, 2] },
  { starts: [-9], ends: [-9], steps: [-1], result: [0] },
  { starts: [2], ends: [2], result: [] },
])("Slice from $starts to $ends by $steps", async ({ starts, ends, steps, result }) => {
  const bounds = [
    int64(...starts),
    int64(...ends),
    undefined,
    steps === undefined ? undefined : int64(...steps),
  ];
  const y = await first({ opType: "Slice", inputs: [counting(4), ...bounds] });
  expect(y).toEqual(tensor("float32", [result.length], result));
});

test("Slice has attributes before opset 10, whose ends may be as large as an integer gets", async () => {
  const attributes = { starts: [1n, -1n], ends: [2n ** 63n - 1n, 9n], axes: [0n, 1n] };
  const y = await first({ opType: "Slice", opset: 7, inputs: [counting(2, 3)], attributes });
  expect(y).toEqual(tensor("float32", [1, 1], [5]));
  await expect(
    first({ opType: "Slice", inputs: [counting(4), int64(0), int64(1), int64(0), int64(0)] }),
  ).rejects.toThrow(/step by 0/);
});

test.each(["int4", "uint4", "int2", "uint2", "float4_e2m1"] as const)("%s moves, too", async (dtype) => {
  const x = tensor(dtype, [2, 3], dtype.startsWith("int") ? [1, -1, 0, 1, -2, -1] : [1, 0, 1, 3, 2, 3]);
  const of = (values: readonly number[], ...shape: number[]) => tensor(dtype, shape, values);
  const [a, b, c, d, e, f] = dtype.startsWith("int") ? [1, -1, 0, 1, -2, -1] : [1, 0, 1, 3, 2, 3];
  const list = (...values: (number | undefined)[]) => values.map((value) => value ?? 0);
  const run = (node: Omit<OneNode, "outputs" | "opset">) => first({ ...node, opset: 25 }, dtype);
  expect(await run({ opType: "Transpose", inputs: [x] })).toEqual(of(list(a, d, b, e, c, f), 3, 2));
  expect(await run({ opType: "Concat", inputs: [x, x], attributes: { axis: 1n } })).toEqual(
    of(list(a, b, c, a, b, c, d, e, f, d, e, f), 2, 6),
  );
  expect(await run({ opType: "Reshape", inputs: [x, int64(6)] })).toEqual(of(list(a, b, c, d, e, f), 6));
  expect(await run({ opType: "Pad", inputs: [x, int64(0, 1, 0, 0)] })).toEqual(
    of(list(0, a, b, c, 0, d, e, f), 2, 4),
  );
  expect(await run({ opType: "Gather", inputs: [x, int64(-1, 0, 0)], attributes: { axis: 1n } })).toEqual(
    of(list(c, a, a, f, d, d), 2, 3),
  );
});

test("Tile repeats along every axis", async () => {
  const y = await first({ opType: "Tile", inputs: [counting(2, 2), int64(2, 3)] });
  const row = (i: number) => [2 * i, 2 * i + 1, 2 * i, 2 * i + 1, 2 * i, 2 * i + 1];
  expect(y).toEqual(tensor("float32", [4, 6], [0, 1, 0, 1].flatMap(row)));
});

test("Pad: attributes before opset 11, axes from 18 on, a single element reflects itself", async () => {
  const attributes = { pads: [1n, 0n], value: 9 };
  expect(await first({ opType: "Pad", opset: 7, inputs: [counting(2)], attributes })).toEqual(
    tensor("float32", [3], [9, 0, 1]),
  );
  const inputs = [counting(2, 1), int64(0, 1), undefined, int64(-2)];
  expect(await first({ opType: "Pad", inputs, attributes: { mode: "edge" } })).toEqual(
    tensor("float32", [3, 1], [0, 1, 1]),
  );
  const both = [counting(1, 3), int64(2, 2, 1, 0)];
  expect(await first({ opType: "Pad", inputs: both, attributes: { mode: "reflect" } })).toEqual(
    tensor("float32", [4, 5], [2, 1, 0, 1, 2, 2, 1, 0, 1, 2, 2, 1, 0, 1, 2, 2, 1, 0, 1, 2]),
  );
  await expect(first({ opType: "Pad", inputs: [counting(2, 1), int64(1)] })).rejects.toThrow(
    /4 pads for 2 axes/,
  );
});

test("CenterCropPad puts the odd element at the end", async () => {
  const y = await first({ opType: "CenterCropPad", inputs: [counting(4), int64(7)] });
  expect(y).toEqual(tensor("float32", [7], [0, 0, 1, 2, 3, 0, 0]));
  const z = await first({
    opType: "CenterCropPad",
    inputs: [counting(1, 4), int64(1)],
    attributes: { axes: [-1n] },
  });
  expect(z).toEqual(tensor("float32", [1, 1], [1]));
});

test("Trilu keeps what is on one side of any diagonal", async () => {
  const half = (upper: bigint, k: number) =>
    first({ opType: "Trilu", inputs: [counting(2, 3), scalar("int64", k)], attributes: { upper } });
  expect(await half(1n, 1)).toEqual(tensor("float32", [2, 3], [0, 1, 2, 0, 0, 5]));
  expect(await half(0n, -1)).toEqual(tensor("float32", [2, 3], [0, 0, 0, 3, 0, 0]));
  expect(await half(1n, -9)).toEqual(counting(2, 3));
});
