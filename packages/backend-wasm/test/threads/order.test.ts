/** Calls take effect in their order: on threads, and behind the queue of a page, where reads and writes do not wait. */
import { DisposedError } from "@bitbudget/backend";
import { describe, expect, test } from "vitest";
import { type AllOptions, openWith } from "../../dist/open.js";
import { RING_JOBS } from "../../dist/threads/layout.js";
import { add, adder, filled } from "./calls.ts";

const ways = {
  "two threads": { threads: 2, minimumWork: 0 },
  "four threads": { threads: 4, minimumWork: 0 },
  "a queue": { threads: 2, minimumWork: 0, canWait: false },
  "a queue and four threads": { threads: 4, minimumWork: 0, canWait: false },
} as const satisfies Record<string, AllOptions>;

const SIZE = 67;

describe.each(Object.keys(ways) as (keyof typeof ways)[])("with %s", (way) => {
  test("more calls than the ring holds, before the threads are up", async () => {
    await using backend = await openWith(ways[way]);
    const counter = await adder(backend, SIZE);
    const times = 3 * RING_JOBS + 1;
    const { data } = await backend.read(add(backend, counter, times));
    expect(data).toEqual(filled(SIZE, times));
  });

  test("reads and writes between calls, none of which is awaited", async () => {
    await using backend = await openWith({ ...ways[way], allUp: true });
    const counter = await adder(backend, SIZE);
    const [first] = counter.tensors;
    const reads: Promise<unknown>[] = [];
    const expected: number[] = [];
    let value = 0;
    for (let round = 0; round < 200; round++) {
      if (round % 7 === 3) {
        value = round;
        backend.write(first, filled(SIZE, value));
      }
      const times = 2 * (round % 5);
      value += times;
      add(backend, counter, times);
      if (round % 3 === 0) {
        reads.push(backend.read(first).then(({ data }) => data));
        expected.push(value);
      }
    }
    expect(await Promise.all(reads)).toEqual(expected.map((number) => filled(SIZE, number)));
  });

  test("what calls still need is not given out again when it is disposed", async () => {
    await using backend = await openWith({ ...ways[way], allUp: true });
    const results = [];
    for (let round = 0; round < 60; round++) {
      const counter = await adder(backend, SIZE);
      backend.write(counter.tensors[0], filled(SIZE, round));
      results.push(backend.read(add(backend, counter, 41)).then(({ data }) => data));
      counter.kernel.dispose();
      for (const each of counter.tensors) each.dispose();
      // Would take the memory, and overwrite it.
      const next = backend.create({ dtype: "float32", shape: [SIZE] }, filled(SIZE, -1));
      next.dispose();
    }
    expect(await Promise.all(results)).toEqual(results.map((_, round) => filled(SIZE, round + 41)));
    expect(backend.bytes).toBe(0);
  });

  test("times are of all threads, and are taken when the work is done", async () => {
    await using backend = await openWith(ways[way]);
    const { kernel, tensors } = await adder(backend, SIZE);
    const { samplesMs } = await backend.time(kernel, [tensors[0]], [tensors[1]], { warmup: 0, samples: 3 });
    expect(samplesMs.every((ms) => ms > 0)).toBe(true);
    expect((await backend.read(tensors[1])).data).toEqual(filled(SIZE, 1));
  });

  test("a backend can be disposed while its threads start, and while they work", async () => {
    await (await openWith(ways[way])).dispose();
    const backend = await openWith({ ...ways[way], allUp: true });
    const counter = await adder(backend, SIZE);
    const result = backend.read(add(backend, counter, 100)).catch((error: unknown) => error);
    await backend.dispose();
    // Read before, or never.
    expect(await result).toSatisfy((value) => value instanceof DisposedError || "data" in value);
    expect(() => add(backend, counter, 1)).toThrow(expect.objectContaining({ code: "DISPOSED" }));
  });
});
