/** What a dataset gives, as plain numbers. */
import { valuesOf } from "@bitbudget/core";
import type { Batch } from "../../src/index.ts";

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of items) all.push(each);
  return all;
}

/** For each batch the values of a feed. */
export async function feedsOf(batches: AsyncIterable<Batch>, name = "x"): Promise<number[][]> {
  return (await collect(batches)).map(({ feeds }) =>
    feeds[name] === undefined ? [] : [...valuesOf(feeds[name])],
  );
}

export async function labelsOf(batches: AsyncIterable<Batch>): Promise<number[]> {
  return (await collect(batches)).flatMap(({ targets }) =>
    targets.labels === undefined ? [] : [...valuesOf(targets.labels)],
  );
}
