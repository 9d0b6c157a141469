/** Reductions, extremes, sorting, distinct elements: NaN, ties, 64 bits, opset versions. */
import { type DType, scalar, tensor } from "@bitbudget/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type OneNode, runOneNode } from "../support/one-node.ts";

const int64 = (...values: (number | bigint)[]) => tensor("int64", [values.length], values);
const run = async (node: Omit<OneNode, "outputs">, dtype: DType = "float32") =>
  (await runOneNode({ ...node, outputs: [dtype] })).y0;

test("the axes of a reduction: attribute, input, all, none", async () => {
  const x = tensor("float32", [2, 3], [1, 2, 3, 4, 5, 6]);
  const sum = (node: Partial<OneNode>) => run({ opType: "ReduceSum", inputs: [x], ...node });
  expect(await sum({ opset: 11, attributes: { axes: [-2n], keepdims: 0n } })).toEqual(
    tensor("float32", [3], [5, 7, 9]),
  );
  expect(await sum({ inputs: [x, int64(1)] })).toEqual(tensor("float32", [2, 1], [6, 15]));
  expect(await sum({})).toEqual(tensor("float32", [1, 1], [21]));
  expect(await sum({ inputs: [x, int64()], attributes: { keepdims: 0n } })).toEqual(scalar("float32", 21));
  const noop = { noop_with_empty_axes: 1n };
  expect(await sum({ inputs: [x, int64()], attributes: noop })).toEqual(x);
  const squares = await run({ opType: "ReduceSumSquare", inputs: [x], attributes: noop });
  expect(squares).toEqual(tensor("float32", [2, 3], [1, 4, 9, 16, 25, 36]));
  const max = await run({ opType: "ReduceMax", inputs: [tensor("bool", [2], [0, 1])] }, "bool");
  expect(max).toEqual(tensor("bool", [1], [1]));
});

test("nothing reduces to what changes nothing", async () => {
  const empty = tensor("float32", [2, 0]);
  const of = (opType: string) => run({ opType, inputs: [empty, int64(1)], attributes: { keepdims: 0n } });
  expect(await of("ReduceSum")).toEqual(tensor("float32", [2], [0, 0]));
  expect(await of("ReduceProd")).toEqual(tensor("float32", [2], [1, 1]));
  const least = Number.NEGATIVE_INFINITY;
  for (const opType of ["ReduceMax", "ReduceLogSum", "ReduceLogSumExp"])
    expect(await of(opType), opType).toEqual(tensor("float32", [2], [least, least]));
});

test.each([
  { values: [1, 3, 3, 0], max: 1, lastMax: 2, min: 3 },
  { values: [2, Number.NaN, 5, Number.NaN], max: 1, lastMax: 3, min: 1 },
])("ArgMax and ArgMin of $values", async ({ values, max, lastMax, min }) => {
  const inputs = [tensor("float32", [4], values)];
  expect(await run({ opType: "ArgMax", inputs }, "int64")).toEqual(int64(max));
  const last = await run({ opType: "ArgMax", inputs, attributes: { select_last_index: 1n } }, "int64");
  expect(last).toEqual(int64(lastMax));
  expect(await run({ opType: "ArgMin", inputs, attributes: { keepdims: 0n } }, "int64")).toEqual(
    scalar("int64", min),
  );
});

test("64-bit integers that doubles cannot tell apart are told apart", async () => {
  const inputs = [int64(2n ** 60n, 2n ** 60n + 1n)];
  expect(await run({ opType: "ArgMax", inputs }, "int64")).toEqual(int64(1));
  const { y0, y1 } = await runOneNode({
    opType: "TopK",
    inputs: [...inputs, int64(1)],
    outputs: ["int64", "int64"],
  });
  expect([y0, y1]).toEqual([int64(2n ** 60n + 1n), int64(1)]);
  const cumulative = await run({ opType: "CumSum", inputs: [...inputs, scalar("int32", 0)] }, "int64");
  expect(cumulative).toEqual(int64(2n ** 60n, 2n ** 61n + 1n));
});

test("TopK equals sorting, the first of equal elements first", async () => {
  const values = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(values, fc.nat(), fc.boolean(), async (list, n, largest) => {
      const k = n % (list.length + 1);
      const order = [...list.keys()]
        .sort((a, b) => (list[a]! - list[b]!) * (largest ? -1 : 1) || a - b)
        .slice(0, k);
      const attributes = { largest: BigInt(largest), axis: 0n };
      const inputs = [tensor("int8", [list.length], list), int64(k)];
      const { y0, y1 } = await runOneNode({ opType: "TopK", inputs, attributes, outputs: ["int8", "int64"] });
      expect(y0).toEqual(
        tensor(
          "int8",
          [k],
          order.map((i) => list[i]!),
        ),
      );
      expect(y1).toEqual(int64(...order));
    }),
    { numRuns: 30 },
  );
  const attributes = { k: 1n };
  expect(
    await run({ opType: "TopK", opset: 7, inputs: [tensor("float32", [2], [1, 2])], attributes }),
  ).toEqual(tensor("float32", [1], [2]));
  await expect(run({ opType: "TopK", inputs: [tensor("float32", [2]), int64(3)] })).rejects.toThrow(/3 of 2/);
});

test("cumulative sums and products from either end, with or without the element itself", async () => {
  const inputs = [tensor("float32", [3], [2, 3, 4]), scalar("int64", -1)];
  const of = (opType: string, exclusive: bigint, reverse: bigint) =>
    run({ opType, opset: 26, inputs, attributes: { exclusive, reverse } });
  expect(await of("CumSum", 0n, 0n)).toEqual(tensor("float32", [3], [2, 5, 9]));
  expect(await of("CumSum", 1n, 1n)).toEqual(tensor("float32", [3], [7, 4, 0]));
  expect(await of("CumProd", 1n, 0n)).toEqual(tensor("float32", [3], [1, 2, 6]));
  expect(await of("CumProd", 0n, 1n)).toEqual(tensor("float32", [3], [24, 12, 4]));
});

test("NonZero finds what is not zero, NaN included; a scalar has no axes", async () => {
  const find = (x: OneNode["inputs"][number]) => run({ opType: "NonZero", inputs: [x] }, "int64");
  expect(await find(tensor("float32", [2, 2], [0, Number.NaN, -0, 3]))).toEqual(
    tensor("int64", [2, 2], [0, 1, 1, 1]),
  );
  expect(await find(scalar("float32", 3))).toEqual(tensor("int64", [0, 1]));
});

test("Unique: sorted or in order, of elements or of slices", async () => {
  const unique = async (shape: number[], values: number[], attributes: Record<string, bigint>) => {
    const outputs = ["float32", "int64", "int64", "int64"] as const;
    const inputs = [tensor("float32", shape, values)];
    const { y0, y1, y2, y3 } = await runOneNode({ opType: "Unique", inputs, attributes, outputs });
    return [y0, ...[y1, y2, y3].map((list) => Array.from(list?.data ?? [], Number))];
  };
  expect(await unique([6], [2, 1, 1, 3, 4, 3], { sorted: 0n })).toEqual([
    tensor("float32", [4], [2, 1, 3, 4]),
    [0, 1, 3, 4],
    [0, 1, 1, 2, 3, 2],
    [1, 2, 2, 1],
  ]);
  const columns = [1, 0, 2, 0, 1, 1, 1, 1];
  expect(await unique([2, 4], columns, { axis: -1n })).toEqual([
    tensor("float32", [2, 3], [0, 1, 2, 1, 1, 1]),
    [1, 0, 2],
    [1, 0, 2, 0],
    [2, 1, 1],
  ]);
  expect(await unique([2, 4], columns, { axis: 1n, sorted: 0n })).toEqual([
    tensor("float32", [2, 3], [1, 0, 2, 1, 1, 1]),
    [0, 1, 2],
    [0, 1, 2, 1],
    [1, 2, 1],
  ]);
});
