/** Rows as a person reads them. */
import { describe, expect, test } from "vitest";
import { isError, type TimedRow } from "../src/row.ts";
import { figure, milliseconds, tableOf, times } from "../src/table.ts";

const estimate = { medianMs: 2, lowMs: 1.9, highMs: 2.1, samples: 9 };
const work = { op: "linear", scheme: "float32", shape: "8x16x32", threads: 1, backend: "wasm" };
const row: TimedRow = {
  ...work,
  ...estimate,
  status: "timed",
  kernel: "float32 x float32 -> float32, native",
  gmacs: 12.345,
  kernelOnly: { ...estimate, gmacs: 15.5 },
  rivals: { "ort-web MatMul": { ...estimate, medianMs: 4, ratio: 2, ratioLow: 1.8, ratioHigh: 2.2 } },
  problems: [],
};

test("figures have three digits", () => {
  expect([0.01234, 1.234, 123.4].map(milliseconds)).toEqual(["0.0123", "1.23", "123"]);
  expect([0.5, 12.34, 1234, null].map(figure)).toEqual(["0.500", "12.3", "1234", ""]);
  expect([0.5, 1.666, 123.4].map(times)).toEqual(["0.500x", "1.67x", "123x"]);
});

test("columns are as wide as the widest row needs", () => {
  const table = tableOf([work, { ...work, op: "depthwise 3x3" }]);
  const [header = "", rule = ""] = table.header.split("\n");
  expect(rule).toBe("-".repeat(header.length));
  const line = table.line(row);
  expect(line).toMatch(/^linear {9}float32 {2}8x16x32 +2\.00 +5% +12\.3 +15\.5 +2\.00x ort-web MatMul$/);
  expect(line.indexOf("float32")).toBe(header.indexOf("scheme"));
});

describe("what is not timed", () => {
  test("says why", () => {
    const table = tableOf([work]);
    expect(table.line({ ...work, status: "refused", reason: "no kernel" })).toContain("refused: no kernel");
    expect(table.line({ ...work, status: "failed", error: "broken" })).toContain("FAILED: broken");
  });

  test("a rival that disagrees is an error, one that does not run it is none", () => {
    const problem = (kind: "disagrees" | "fails"): TimedRow => ({
      ...row,
      problems: [{ rival: "ort-web MatMul", kind, message: "first line\nsecond line" }],
    });
    expect(isError(problem("disagrees"))).toBe(true);
    expect(isError(problem("fails"))).toBe(false);
    expect(isError(row)).toBe(false);
    expect(isError({ ...work, status: "refused", reason: "" })).toBe(false);
    expect(isError({ ...work, status: "failed", error: "" })).toBe(true);
    const line = tableOf([work]).line(problem("disagrees"));
    expect(line).toContain("\n    ERROR: ort-web MatMul disagrees: first line");
    expect(line).not.toContain("second line");
  });
});
