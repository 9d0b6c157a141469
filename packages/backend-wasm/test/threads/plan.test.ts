/** How many threads there are, and where that is said. */
import { open } from "@bitbudget/backend-wasm";
import { expect, test } from "vitest";
import { openWith } from "../../dist/open.js";

const isPage = typeof document !== "undefined";

test("the number of threads is part of the key of timings", async () => {
  await using one = await open({ threads: 1 });
  await using two = await open({ threads: 2 });
  expect(one.device.key).toContain("/1 thread/");
  expect(two.device.key).toContain(isPage ? "/2 threads behind a queue/" : "/2 threads/");
  expect(two.device.description).toContain("2 threads");
});

test("by default there are as many as run at once, up to four", async () => {
  await using backend = await open();
  const count = Number(/(\d+) threads?/.exec(backend.device.key)?.[1]);
  expect(count).toBe(Math.min(4, navigator.hardwareConcurrency));
});

test("where memory cannot be shared, there is one thread, and no error", async () => {
  await using backend = await openWith({ threads: 3, canShare: false });
  expect(backend.device.key).toContain("/1 thread/");
});

test("a number of threads that is none is an error", async () => {
  for (const threads of [0, -1, 1.5, Number.NaN, 65])
    await expect(open({ threads })).rejects.toThrow(expect.objectContaining({ code: "ARGUMENT" }));
});
