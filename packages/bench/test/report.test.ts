/** The page: markup, scales and what it says about rows. */
import { describe, expect, test } from "vitest";
import { html } from "../src/report/html.ts";
import { reportPage } from "../src/report/page.ts";
import { logScale } from "../src/report/scale.ts";
import type { BenchFile } from "../src/row.ts";

test("values are escaped once", () => {
  expect(html`<b>${'<"&'}</b>${[html`<i>${1}</i>`, "x"]}${undefined}`.text).toBe(
    "<b>&#60;&#34;&#38;</b><i>1</i>x",
  );
});

describe("a logarithmic scale", () => {
  test("ends at ticks around the values", () => {
    const scale = logScale([0.3, 4], 100, 500);
    expect(scale.ticks).toEqual([0.2, 0.5, 1, 2, 5]);
    expect(scale.at(0.2)).toBeCloseTo(100);
    expect(scale.at(5)).toBeCloseTo(500);
    // 1 is log(5) / log(25) = 1/2 of the way from 0.2 to 5.
    expect(scale.at(1)).toBeCloseTo(300);
  });

  test("has powers of ten alone where there is no room", () => {
    expect(logScale([0.01, 100], 0, 300).ticks).toEqual([0.01, 0.1, 1, 10, 100]);
  });

  test("takes one value, and none", () => {
    for (const values of [[2], [], [0], [Number.NaN]]) {
      const { ticks, at } = logScale(values, 0, 100);
      expect(ticks.length).toBeGreaterThan(1);
      expect(at(ticks[0]!)).toBe(0);
    }
  });
});

const file: BenchFile = {
  format: "bitbudget-bench/1",
  command: "kernels",
  date: "2026-01-02T03:04:05.000Z",
  environment: {
    engine: "Node 24",
    processor: "<CPU>",
    device: "wasm",
    threads: 2,
    rivals: { "ort-web": "onnxruntime-web 1" },
  },
  rows: [
    {
      op: "linear",
      scheme: "float32",
      shape: "8x16x32",
      threads: 2,
      backend: "wasm",
      status: "timed",
      kernel: "native",
      medianMs: 2,
      lowMs: 1.9,
      highMs: 2.1,
      samples: 9,
      gmacs: 10,
      rivals: {
        "ort-web MatMul": {
          medianMs: 5,
          lowMs: 4,
          highMs: 6,
          samples: 9,
          ratio: 2.5,
          ratioLow: 1.9,
          ratioHigh: 3.16,
        },
        "ort-node MatMul": {
          medianMs: 1,
          lowMs: 1,
          highMs: 1,
          samples: 9,
          ratio: 0.5,
          ratioLow: 0.48,
          ratioHigh: 0.53,
        },
      },
      problems: [],
    },
    {
      op: "attention",
      scheme: "float32",
      shape: "1x1",
      threads: 2,
      backend: "wasm",
      status: "refused",
      reason: "none",
    },
  ],
};

test("the page says what was measured, on what, and links to nothing", () => {
  const page = reportPage([file]);
  expect(page).toContain("Kernels, 2 threads, Node");
  expect(page).toContain("&#60;CPU&#62;");
  expect(page).toContain("2.50x (1.90x to 3.16x) as fast as ort-web MatMul: 2.00 ms against 5.00 ms");
  expect(page).toContain("refused: none");
  expect(page).not.toMatch(/(src|href)=|url\(|@import/);
  // Markup is well formed as far as a browser's parser of XML could tell: each svg that opens closes.
  expect(page.match(/<svg/g)?.length).toBe(page.match(/<\/svg>/g)?.length);
});

test("the summary counts rivals that run in a browser alone", () => {
  expect(reportPage([file])).toContain("<b>2.50x</b>");
});
