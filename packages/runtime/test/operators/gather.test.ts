/** Gather, Scatter and their kin: exactness, order, bounds. */
import { IndexError } from "@bitbudget/backend";
import { tensor } from "@bitbudget/core";
import { expect, test } from "vitest";
import { type OneNode, runOneNode } from "../support/one-node.ts";

const int64 = (...values: number[]) => tensor("int64", [values.length], values);
const run = async (node: Omit<OneNode, "outputs">) =>
  (await runOneNode({ ...node, outputs: [node.inputs[0]?.dtype ?? "float32"] })).y0;

test.each(["Gather", "GatherElements", "ScatterElements"])(
  "%s refuses an index beyond its axis",
  async (opType) => {
    const updates = opType.startsWith("Scatter") ? [tensor("float32", [2])] : [];
    const node = { opType, inputs: [tensor("float32", [3]), int64(0, 3), ...updates] };
    await expect(run(node)).rejects.toThrow(IndexError);
    await expect(run(node)).rejects.toMatchObject({ index: 3, position: 1, length: 3 });
  },
);

test("GatherND shares leading axes with its indices", async () => {
  const data = tensor("int32", [2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]);
  const inputs = [data, tensor("int64", [2, 1], [1, -2])];
  expect(await run({ opType: "GatherND", inputs, attributes: { batch_dims: 1n } })).toEqual(
    tensor("int32", [2, 2], [2, 3, 4, 5]),
  );
  expect(await run({ opType: "GatherND", inputs })).toEqual(
    tensor("int32", [2, 2, 2], [4, 5, 6, 7, 0, 1, 2, 3]),
  );
});

const reductions = { add: 2n ** 62n + 6n, mul: 5n * (2n ** 62n + 1n), max: 2n ** 62n + 1n, min: 1n };

test.each(Object.entries(reductions))(
  "scattering with %s is exact on 64 bits, and wraps",
  async (reduction, expected) => {
    const data = tensor("int64", [2], [2n ** 62n + 1n, 7n]);
    const inputs = [data, int64(0, -2), tensor("int64", [2], [1n, reduction === "add" ? 4n : 5n])];
    const y = await run({ opType: "ScatterElements", inputs, attributes: { reduction } });
    expect(y).toEqual(tensor("int64", [2], [BigInt.asIntN(64, expected), 7n]));
  },
);

test("narrow integers wrap as they are scattered", async () => {
  const inputs = [
    tensor("uint8", [1], [200]),
    tensor("int64", [2, 1], [0, 0]),
    tensor("uint8", [2], [100, 3]),
  ];
  const y = await run({ opType: "ScatterND", inputs, attributes: { reduction: "add" } });
  expect(y).toEqual(tensor("uint8", [1], [47]));
});

test("without a reduction every bit arrives, NaN payloads included", async () => {
  const bits = Uint16Array.of(0x7e01, 0x8000);
  const inputs = [tensor("float16", [3]), tensor("int64", [2, 1], [2, 0]), tensor("float16", [2], bits)];
  expect((await run({ opType: "ScatterND", inputs }))?.data).toEqual(Uint16Array.of(0x8000, 0, 0x7e01));
});

test("TensorScatter writes each sequence from an index of its own on, around the end if it may", async () => {
  const cache = tensor("float32", [2, 3, 1], [1, 2, 3, 4, 5, 6]);
  const inputs = [cache, tensor("float32", [2, 2, 1], [10, 11, 12, 13]), int64(1, 2)];
  const node = { opType: "TensorScatter", opset: 24, inputs };
  expect(await run({ ...node, attributes: { mode: "circular" } })).toEqual(
    tensor("float32", [2, 3, 1], [1, 10, 11, 13, 5, 12]),
  );
  await expect(run(node)).rejects.toThrow(/step 3 of a cache of 3/);
});

test("Compress takes a shorter condition, and flattens without an axis", async () => {
  const x = tensor("float32", [2, 3], [0, 1, 2, 3, 4, 5]);
  const condition = tensor("bool", [2], [0, 1]);
  expect(await run({ opType: "Compress", inputs: [x, condition] })).toEqual(tensor("float32", [1], [1]));
  expect(await run({ opType: "Compress", inputs: [x, condition], attributes: { axis: -1n } })).toEqual(
    tensor("float32", [2, 1], [1, 4]),
  );
});
