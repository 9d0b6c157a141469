/** Memory as a caller sees it: what does not fit is an OutOfMemoryError, after which all goes on. */
import type { Backend, KernelSpec } from "@bitbudget/backend";
import { tensor } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { type AllOptions, openWith } from "../../dist/open.js";

const MIB = 2 ** 20;
const ways = {
  "one thread": { threads: 1 },
  "two threads": { threads: 2, minimumWork: 0 },
  "a queue": { threads: 2, minimumWork: 0, canWait: false },
} as const satisfies Record<string, AllOptions>;

/** x [rows, depth] times ones: each output is the sum of a row. */
function sums(rows: number, depth: number, channels: number): KernelSpec<"linear"> {
  return {
    op: "linear",
    inputs: [{ dtype: "float32", shape: [rows, depth] }],
    attributes: { channels, weight: { dtype: "float32" }, output: "float32" },
  };
}

async function prepareSums(backend: Backend, rows: number, depth: number, channels: number) {
  const weight = tensor("float32", [channels, depth]);
  weight.data.fill(1);
  return backend.prepare(sums(rows, depth, channels), { weight });
}

describe.each(Object.keys(ways) as (keyof typeof ways)[])("with %s", (way) => {
  test("a tensor or kernel that does not fit leaves everything as it was", async () => {
    const limit = 4 * MIB;
    await using backend = await openWith({ ...ways[way], maxBytes: limit });
    const x = backend.create({ dtype: "float32", shape: [2, 8] }, new Float32Array(16).fill(3));
    const y = backend.create({ dtype: "float32", shape: [2, 4] });
    const kernel = await prepareSums(backend, 2, 8, 4);
    const { bytes } = backend;
    expect(bytes).toBeGreaterThan(0);
    for (let round = 0; round < 3; round++) {
      expect(() => backend.create({ dtype: "uint8", shape: [limit] })).toThrow(
        expect.objectContaining({ code: "OUT_OF_MEMORY", requested: limit, limit }),
      );
      await expect(prepareSums(backend, 1, 1024, 1024)).rejects.toThrow(
        expect.objectContaining({ code: "OUT_OF_MEMORY", limit }),
      );
      expect(backend.bytes).toBe(bytes);
      backend.dispatch(kernel, [x], [y]);
      expect((await backend.read(y)).data).toEqual(new Float32Array(8).fill(24));
    }
    // What is given back can be used again.
    const size = { dtype: "uint8", shape: [MIB + MIB / 2] } as const;
    for (let round = 0; round < 10; round++) {
      const large = backend.create(size);
      backend.dispatch(kernel, [x], [y]);
      large.dispose();
      await backend.read(y);
    }
    expect(backend.bytes).toBe(bytes);
  });
});

test("a limit that is none, or too small to start with, is said", async () => {
  for (const maxBytes of [0, -1, Number.NaN, 2 ** 33])
    await expect(openWith({ maxBytes })).rejects.toThrow(expect.objectContaining({ code: "ARGUMENT" }));
  await expect(openWith({ threads: 1, maxBytes: 300_000 })).rejects.toThrow(
    expect.objectContaining({ code: "OUT_OF_MEMORY", limit: 300_000 }),
  );
});
