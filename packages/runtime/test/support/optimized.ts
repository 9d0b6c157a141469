/** What the passes do to a small model: its results with and without them, and the kernels that they lead to. */
import type { Backend } from "@bitbudget/backend";
import { type HostTensor, valuesOf } from "@bitbudget/core";
import { expect } from "vitest";
import { createSession, type Feeds, type Results } from "../../src/index.ts";
import { firstDifference } from "./compare.ts";
import { type GraphParts, modelOf } from "./models.ts";

export interface BothWays {
  readonly plain: Results;
  readonly optimized: Results;
  /** Ops and formats of the optimized plan, in order. */
  readonly kernels: readonly string[];
  /** Operators of the optimized plan's steps, each once. */
  readonly operators: readonly string[];
}

export interface Run {
  readonly backend: Backend;
  readonly feeds: Feeds;
  readonly opset?: number;
  readonly capture?: readonly string[];
}

/** Runs a model as it is and optimized. */
export async function bothWays(
  parts: GraphParts,
  { backend, feeds, opset, capture = [] }: Run,
): Promise<BothWays> {
  const model = modelOf(parts, opset);
  await using reference = await createSession(model, { backend, optimize: false });
  await using session = await createSession(model, { backend });
  const plain = await reference.run(feeds, { capture });
  const optimized = await session.run(feeds, { capture });
  const rows = session.plan?.rows ?? [];
  return {
    plain,
    optimized,
    kernels: rows.map(({ kernel }) => kernel),
    operators: [...new Set(rows.flatMap(({ opType }) => opType.split(" + ")))],
  };
}

/** Both ways, with equal results: integers exactly, floats to rounding. */
export async function sameBothWays(parts: GraphParts, run: Run): Promise<BothWays> {
  const both = await bothWays(parts, run);
  expect(Object.keys(both.optimized).sort()).toEqual(Object.keys(both.plain).sort());
  for (const [name, expected] of Object.entries(both.plain))
    expect(firstDifference(both.optimized[name], expected), name).toBeUndefined();
  return both;
}

/** The largest distance of two tensors of 8-bit codes. */
export function codeDistance(a: HostTensor | undefined, b: HostTensor | undefined): number {
  expect(a?.dtype).toBe(b?.dtype);
  expect(a?.shape).toEqual(b?.shape);
  const [x, y] = [a, b].map((tensor) => (tensor === undefined ? new Float64Array() : valuesOf(tensor)));
  return Math.max(...Array.from(x ?? [], (code, i) => Math.abs(code - (y?.[i] ?? Number.NaN))));
}
