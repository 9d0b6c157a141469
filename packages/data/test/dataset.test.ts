/** Datasets: orders, parts, batches, hashes; in memory and from iterators. */
import { tensor } from "@bitbudget/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Batch,
  createDataset,
  DataError,
  fromBatches,
  fromTensors,
  type SampleSource,
} from "../src/index.ts";
import { collect, feedsOf, labelsOf } from "./support/collect.ts";

function numbers(count: number, batchSize = 4) {
  const x = tensor(
    "float32",
    [count, 1],
    Float32Array.from({ length: count }, (_, i) => i),
  );
  const labels = tensor(
    "int32",
    [count],
    Int32Array.from({ length: count }, (_, i) => i),
  );
  return fromTensors({ feeds: { x }, targets: { labels } }, { batchSize });
}

function batch(...values: number[]): Batch {
  return { feeds: { x: tensor("float32", [values.length], Float32Array.from(values)) }, targets: {} };
}

test("batches in order, again and again; the last is smaller, or dropped", async () => {
  const data = numbers(6);
  expect([data.count, data.length]).toEqual([6, 2]);
  for (let i = 0; i < 2; i++)
    expect(await feedsOf(data)).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ]);
  expect((await collect(data)).map(({ feeds }) => feeds.x?.shape)).toEqual([
    [4, 1],
    [2, 1],
  ]);
  const full = data.batch(4, { partial: "drop" });
  expect([full.length, await feedsOf(full)]).toEqual([1, [[0, 1, 2, 3]]]);
});

test("take, skip and split", async () => {
  const data = numbers(10);
  expect(await labelsOf(data.take(3))).toEqual([0, 1, 2]);
  expect(await labelsOf(data.skip(8).take(5))).toEqual([8, 9]);
  const [a, b, c] = data.split([0.5, 0.25, 0.25]);
  expect([await labelsOf(a!), await labelsOf(b!), await labelsOf(c!)]).toEqual([
    [0, 1, 2, 3, 4],
    [5, 6, 7],
    [8, 9],
  ]);
  expect(() => data.split([0.7, 0.7])).toThrow("sum to at most 1");
  expect(() => data.split([])).toThrow(DataError);
  expect(() => data.take(-1)).toThrow("take: must be a non-negative integer, not -1");
  expect(() => data.batch(0)).toThrow(DataError);
});

test("orders follow from seeds: the same ones everywhere, another in each epoch", async () => {
  const data = numbers(10);
  // The order is part of the interface: caches and figures depend on it.
  const order = await labelsOf(data.shuffle(1));
  expect(order.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(await labelsOf(data.shuffle(1))).toEqual(order);
  expect(await labelsOf(data.shuffle(2))).not.toEqual(order);
  const shuffled = data.shuffle(1);
  const second = (await collect(shuffled.epoch(1, 0))).flatMap(({ feeds }) => [...feeds.x!.data]);
  expect(second).not.toEqual(order);
  expect(second.toSorted()).toEqual(order.toSorted());
  expect(await labelsOf(shuffled.epoch(1, 1))).toEqual(second.slice(4));
  // What is taken of a shuffled dataset stays the same in every epoch.
  const few = data.shuffle(1).take(3);
  expect((await labelsOf(few.epoch(5, 0))).toSorted()).toEqual(order.slice(0, 3).toSorted());
});

test("parts of a split share nothing and lose nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 40 }),
      fc.nat(),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      async (count, seed, part) => {
        const parts = numbers(count).split([part, 1 - part], seed);
        const all = (await Promise.all(parts.map(labelsOf))).flat();
        expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
      },
    ),
    { numRuns: 30 },
  );
});

test("hashes tell contents, choices and batches apart", async () => {
  const data = numbers(6);
  const others = [
    numbers(7),
    data.take(3),
    data.skip(3),
    data.shuffle(1),
    data.shuffle(2),
    data.batch(3),
    data.batch(4, { partial: "drop" }),
  ];
  const hashes = await Promise.all([data, ...others].map((each) => each.hash()));
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(await numbers(6).hash()).toBe(hashes[0]);
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
});

test("hashes tell feeds from targets", async () => {
  const x = tensor("float32", [2], [1, 2]);
  const one = fromTensors({ feeds: { x, y: x }, targets: {} });
  const other = fromTensors({ feeds: { x }, targets: { y: x } });
  expect(await one.hash()).not.toBe(await other.hash());
});

test("load reads once", async () => {
  let reads = 0;
  const source: SampleSource = {
    name: "counted",
    count: 5,
    read: async (indices) => {
      reads += indices.length;
      return Array.from(indices, (i) => ({ feeds: { x: tensor("float32", [1], [i]) }, targets: {} }));
    },
    hash: async () => "counted",
  };
  const loaded = await createDataset(source, { batchSize: 2 }).load();
  expect([await feedsOf(loaded), await feedsOf(loaded), reads]).toEqual([
    [[0, 1], [2, 3], [4]],
    [[0, 1], [2, 3], [4]],
    5,
  ]);
});

test("samples that are left out make no smaller batches, and those that remain are where they were", async () => {
  const source: SampleSource = {
    name: "gaps",
    count: 10,
    gaps: true,
    read: async (indices) =>
      Array.from(indices, (i) =>
        i % 3 === 0 ? undefined : { feeds: { x: tensor("float32", [], [i]) }, targets: {} },
      ),
    hash: async () => "gaps",
  };
  const data = createDataset(source, { batchSize: 4 });
  expect(await feedsOf(data)).toEqual([
    [1, 2, 4, 5],
    [7, 8],
  ]);
  expect(await feedsOf(data.epoch(0, 1))).toEqual([[7, 8]]);
});

test("samples that differ make no batch", async () => {
  const source: SampleSource = {
    name: "sizes",
    count: 2,
    read: async (indices) =>
      Array.from(indices, (i) => ({ feeds: { x: tensor("float32", [i + 1]) }, targets: {} })),
    hash: async () => "sizes",
  };
  await expect(collect(createDataset(source))).rejects.toThrow(
    "x: is float32 [2] in one sample and float32 [1] in another",
  );
  expect(await feedsOf(createDataset(source, { batchSize: 1 }))).toEqual([[0], [0, 0]]);
});

test("an iterator's batches as they come, or cut and joined", async () => {
  const data = fromBatches([batch(0, 1, 2), batch(3), batch(4, 5)]);
  expect(data.count).toBe(undefined);
  for (let i = 0; i < 2; i++) expect(await feedsOf(data)).toEqual([[0, 1, 2], [3], [4, 5]]);
  expect(await feedsOf(data.batch(2))).toEqual([
    [0, 1],
    [2, 3],
    [4, 5],
  ]);
  expect(await feedsOf(data.batch(4, { partial: "drop" }))).toEqual([[0, 1, 2, 3]]);
  expect(await feedsOf(data.skip(1).take(4))).toEqual([[1, 2], [3], [4]]);
  expect(await feedsOf(data.take(4).skip(1))).toEqual([[1, 2], [3]]);
  expect(await feedsOf(data.take(2).skip(3))).toEqual([]);
  expect(await feedsOf(data.epoch(0, 2))).toEqual([[4, 5]]);
  expect(() => data.shuffle()).toThrow("cannot be shuffled; call load() first");
  expect((await feedsOf((await data.load()).shuffle(1))).flat().toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(await data.hash()).not.toBe(await data.take(3).hash());
});

test("generators: a function makes them anew, one of its own can be gone through once", async () => {
  async function* make() {
    yield batch(1);
    yield batch(2);
  }
  const data = fromBatches(make);
  for (let i = 0; i < 2; i++) expect(await feedsOf(data)).toEqual([[1], [2]]);
  const once = fromBatches(make());
  expect(await feedsOf(once)).toEqual([[1], [2]]);
  await expect(collect(once)).rejects.toThrow("give the function that makes it");
});

test.each([
  [7, "must be { feeds, targets }, tensors by name, not 7"],
  [{ feeds: {} }, "has no feeds"],
  [{ feeds: { x: [1] } }, '"x": must be a tensor'],
  [{ feeds: { x: { dtype: "float", shape: [1], data: new Float32Array(1) } } }, 'has the dtype "float"'],
  [{ feeds: { x: { dtype: "float32", shape: [-1], data: new Float32Array(1) } } }, "has the shape [-1]"],
  [
    { feeds: { x: { dtype: "float32", shape: [2], data: new Float32Array(1) } } },
    "has 1 elements where float32 [2] needs 2",
  ],
  [{ feeds: { x: { dtype: "float32", shape: [1], data: new Int8Array(4) } } }, "its data are a Int8Array"],
  [{ feeds: { y: tensor("float32", [1]) } }, "and the batches before have feeds { x: float32 }"],
])("a batch that is none: %j", async (bad, message) => {
  const data = fromBatches(() => [batch(1), bad], { name: "mine" });
  await expect(collect(data)).rejects.toThrow(DataError);
  await expect(collect(data)).rejects.toThrow("batch 1 of mine");
  await expect(collect(data)).rejects.toThrow(message);
});
