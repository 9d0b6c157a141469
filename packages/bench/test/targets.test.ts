/** Targets against rows worked by hand. */
import { expect, test } from "vitest";
import { reportMarkdown } from "../src/report/markdown.ts";
import { outcomes } from "../src/report/targets.ts";
import type { BenchFile, TimedRow } from "../src/row.ts";

const estimate = { medianMs: 1, lowMs: 1, highMs: 1, samples: 9 };

function row(fields: Partial<TimedRow>, ratios: Readonly<Record<string, number>>): TimedRow {
  return {
    ...estimate,
    status: "timed",
    op: "linear",
    scheme: "uint8 x int8",
    shape: "16x768x3072",
    threads: 1,
    backend: "wasm",
    kernel: "",
    gmacs: 1,
    problems: [],
    rivals: Object.fromEntries(
      Object.entries(ratios).map(([name, ratio]) => [
        name,
        { ...estimate, ratio, ratioLow: ratio, ratioHigh: ratio },
      ]),
    ),
    ...fields,
  };
}

function outcome(rows: readonly TimedRow[], work: string) {
  const found = outcomes(rows).find(({ target }) => target.work === work);
  return { ratio: found?.worst?.ratio, shape: found?.worst?.row.shape, rows: found?.rows };
}

test("a target is held against the fastest of its rivals in the worst row", () => {
  const rows = [
    row({}, { "ort-web QLinearMatMul": 3, "ort-web MatMulInteger": 2, "ort-node QLinearMatMul": 0.5 }),
    row({ shape: "128x768x768" }, { "ort-web QLinearMatMul": 1.5, "ort-web MatMulInteger": 9 }),
  ];
  expect(outcome(rows, "uint8 x int8 linear, M >= 16")).toEqual({
    ratio: 1.5,
    shape: "128x768x768",
    rows: 2,
  });
});

test("M decides which target a linear belongs to", () => {
  const rows = [row({ shape: "1x1024x4096" }, { "ort-web MatMulInteger": 12 })];
  expect(outcome(rows, "uint8 x int8 linear, M >= 16").rows).toBe(0);
  expect(outcome(rows, "uint8 x int8 linear, M = 1").ratio).toBe(12);
});

test("rows of two threads count for the target of threads alone", () => {
  const rows = [row({ threads: 2 }, { "ort-web QLinearMatMul": 3, "wasm, one thread": 1.8 })];
  expect(outcome(rows, "uint8 x int8 linear, M >= 16").rows).toBe(0);
  expect(outcome(rows, "two threads, from 50 million multiply-adds").ratio).toBe(1.8);
});

test("a page of Markdown says what is reached and what is not", () => {
  const file: BenchFile = {
    format: "bitbudget-bench/1",
    command: "kernels",
    date: "2026-01-02T00:00:00.000Z",
    environment: { engine: "Node 24", processor: "a | b", device: "wasm", threads: 1, rivals: {} },
    rows: [row({}, { "ort-web QLinearMatMul": 1.2, "ort-web MatMulInteger": 1.4 })],
  };
  const text = reportMarkdown([file]);
  expect(text).toContain(
    "| uint8 x int8 linear, M >= 16 | QLinearMatMul, MatMulInteger | 1.3x | 1.20x | 16x768x3072, of 1 | **short** |",
  );
  expect(text).toContain("| models in float32 | the same file | 1.5x | not timed |  |  |");
  expect(text).toContain("### kernels, 1 thread, Node");
});
