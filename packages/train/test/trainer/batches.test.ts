/** Mini-batches: every sample once in an epoch, in an order of the seed. */
import { tensor, valuesOf } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Batch,
  mapBatches,
  miniBatches,
  permutation,
  randomNumbers,
  TrainingError,
} from "../../src/index.ts";

/** Sample i has x = [i, -i] and the label i. */
function samples(count: number): Batch {
  const x = Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? i / 2 : -(i - 1) / 2));
  const labels = BigInt64Array.from({ length: count }, (_, i) => BigInt(i));
  return {
    feeds: { x: tensor("float32", [count, 2], x) },
    targets: { labels: tensor("int64", [count], labels) },
  };
}

type Source = ReturnType<typeof miniBatches>;

async function labelsOf(source: Source, epoch: number, from = 0): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const { feeds, targets } of source.epoch(epoch, from)) {
    const labels = Array.from(valuesOf(targets.labels!), Number);
    expect(Array.from(valuesOf(feeds.x!))).toEqual(labels.flatMap((label) => [label, -label]));
    expect(feeds.x!.shape).toEqual([labels.length, 2]);
    batches.push(labels);
  }
  return batches;
}

describe("mini-batches", () => {
  test("each sample is in one batch of an epoch, from any batch on", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer(),
        fc.nat(5),
        async (count, size, seed, from) => {
          const source = miniBatches(samples(count), { size, seed, partial: "keep" });
          const all = await labelsOf(source, 3);
          expect(all).toHaveLength(source.length);
          expect(all.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
          expect(all.slice(0, -1).every((batch) => batch.length === size)).toBe(true);
          expect(await labelsOf(source, 3, from)).toEqual(all.slice(from));
        },
      ),
      { numRuns: 30 },
    ));

  test("the last samples are dropped, or kept", async () => {
    const dropped = miniBatches(samples(10), { size: 4, shuffle: false });
    expect(await labelsOf(dropped, 0)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    const kept = miniBatches(samples(10), { size: 4, shuffle: false, partial: "keep" });
    expect((await labelsOf(kept, 7))[2]).toEqual([8, 9]);
  });

  test("another order in each epoch and for each seed, the same for the same", async () => {
    const order = (seed: number, epoch: number) =>
      labelsOf(miniBatches(samples(30), { size: 30, seed }), epoch).then((batches) => batches.join());
    expect(await order(1, 2)).toBe(await order(1, 2));
    const orders = await Promise.all([order(0, 0), order(0, 1), order(1, 0), order(1, 1)]);
    expect(new Set(orders).size).toBe(4);
  });

  test("what prepares a batch draws the same numbers whatever was drawn before", async () => {
    const drawn: Record<string, number> = {};
    let epoch = 0;
    const source = miniBatches(samples(12), {
      size: 4,
      shuffle: false,
      prepare: (batch, random) => {
        const key = `${epoch} ${valuesOf(batch.targets.labels!)}`;
        const x = random();
        expect(drawn[key] ?? x).toBe(x);
        drawn[key] = x;
        return batch;
      },
    });
    for (epoch = 0; epoch < 3; epoch++) {
      await labelsOf(source, epoch);
      await labelsOf(source, epoch, 2);
    }
    expect(new Set(Object.values(drawn)).size).toBe(9);
  });

  test("batches that are changed on the way keep their length and their order", async () => {
    const source = mapBatches(miniBatches(samples(12), { size: 4, shuffle: false }), ({ feeds }) => ({
      feeds,
      targets: {},
    }));
    expect(source.length).toBe(3);
    const rest: number[] = [];
    for await (const { feeds, targets } of source.epoch(0, 2)) {
      expect(targets).toEqual({});
      rest.push(...valuesOf(feeds.x!));
    }
    expect(rest).toEqual([8, -8, 9, -9, 10, -10, 11, -11]);
  });

  test("samples that do not go together", () => {
    const { feeds, targets } = samples(4);
    expect(() => miniBatches({ feeds, targets: { labels: tensor("int32", [3]) } }, { size: 2 })).toThrow(
      /"labels" has 3 samples and "x" has 4/,
    );
    expect(() => miniBatches({ feeds, targets: { t: tensor("int4", [4]) } }, { size: 2 })).toThrow(/int4/);
    expect(() => miniBatches({ feeds, targets }, { size: 5 })).toThrow(/4 samples make no batch of 5/);
    expect(() => miniBatches({ feeds, targets }, { size: 0 })).toThrow(TrainingError);
    expect(() => miniBatches({ feeds: {}, targets: {} }, { size: 1 })).toThrow(TrainingError);
  });
});

describe("random numbers", () => {
  test("neighbouring seeds have nothing in common, and numbers are spread evenly", () => {
    const bins = new Float64Array(16);
    for (let seed = 0; seed < 40; seed++) {
      const random = randomNumbers(seed, seed % 3);
      for (let i = 0; i < 40; i++) bins[Math.floor(16 * random())]!++;
    }
    // 1600 numbers in 16 bins: chi-squared with 15 degrees of freedom is over 44.3 once in ten thousand times.
    const chi = bins.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
    expect(chi).toBeLessThan(44.3);
  });

  test("permutations of three occur alike", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 1200; seed++) {
      const key = permutation(3, randomNumbers(seed)).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 200 each, give or take five deviations.
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(65);
  });
});
