/** An index out of range: an error of the call, or, where calls happen later, of the next read. Then all goes on. */
import type { KernelSpec } from "@bitbudget/backend";
import { describe, expect, test } from "vitest";
import { type AllOptions, openWith } from "../../dist/open.js";

const ways = {
  "one thread": { threads: 1 },
  "two threads": { threads: 2, minimumWork: 0, canWait: true },
  "a queue": { threads: 2, minimumWork: 0, canWait: false },
} as const satisfies Record<string, AllOptions>;

const spec: KernelSpec<"gather"> = {
  op: "gather",
  inputs: [
    { dtype: "float32", shape: [3] },
    { dtype: "int32", shape: [5] },
  ],
  attributes: { axis: 0 },
};

describe.each(Object.keys(ways) as (keyof typeof ways)[])("with %s", (way) => {
  const { canWait = true } = ways[way] as AllOptions;
  // Only a page's main thread must not wait.
  const cannot = canWait && way !== "one thread" && typeof document !== "undefined";

  test("tells which index it is, once", async ({ skip }) => {
    if (cannot) skip("the main thread of a page cannot wait");
    await using backend = await openWith({ ...ways[way], allUp: true });
    const kernel = await backend.prepare(spec);
    const x = backend.create(spec.inputs[0]!, Float32Array.of(1, 2, 3));
    const y = backend.create({ dtype: "float32", shape: [5] });
    const gather = (...indices: number[]) => {
      const list = backend.create(spec.inputs[1]!, Int32Array.from(indices));
      backend.dispatch(kernel, [x, list], [y]);
    };
    const error = expect.objectContaining({ code: "INDEX", index: -7, position: 3, length: 3 });
    if (canWait) expect(() => gather(0, 1, 2, -7, 0)).toThrow(error);
    else {
      gather(0, 1, 2, -7, 0);
      gather(9, 9, 9, 9, 9);
      await expect(backend.read(y)).rejects.toThrow(error);
    }
    gather(0, 1, 2, -1, 0);
    expect((await backend.read(y)).data).toEqual(Float32Array.of(1, 2, 3, 3, 1));
  });
});
