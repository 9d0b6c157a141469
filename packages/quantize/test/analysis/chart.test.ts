/** Charts are well-formed, say everything that they show in words, and hold no name as markup. */
import { describe, expect, test } from "vitest";
import { type Analysis, chartAnalysis, type LayerAnalysis } from "../../src/index.ts";

const at = (mean: number) => ({ mean, low: mean / 2, high: mean * 2 });

function row(layer: string, index: number, measured: number, predicted?: number): LayerAnalysis {
  return {
    ...{ layer, index, opType: "Conv", scheme: { weight: { dtype: "int4" } }, parameters: 10, bits: 4 },
    ...{ weightSqnrDb: 20, outputSqnrDb: 25 + index, accumulatedSqnrDb: 15, modelSqnrDb: Infinity },
    measured: at(measured),
    predicted:
      predicted === undefined
        ? undefined
        : { fisher: at(predicted), diagonal: at(predicted), first: undefined },
  };
}

function analysis(layers: readonly LayerAnalysis[], trials = 2): Analysis {
  const trial = { layers: layers.map(({ layer }) => layer), measured: at(0.1), predicted: 0.2 };
  return {
    ...{ unit: "nats", output: "logits", layers, draws: 4, noGradients: undefined, skipped: [] },
    whole: { ...trial, modelSqnrDb: 12 },
    trials: Array.from({ length: trials }, () => trial),
    correlations: { fisher: 0.5, diagonal: 0.5, trials: null },
  };
}

/** Names of elements, checked to be closed in order. */
function elements(text: string): string[] {
  const names: string[] = [];
  const open: string[] = [];
  for (const [, close, name = "", own] of text.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
    if (close === "/") expect(open.pop()).toBe(name);
    else {
      names.push(name);
      if (own !== "/") open.push(name);
    }
  }
  expect(open).toEqual([]);
  return names;
}

describe("charts", () => {
  const rows = [
    row("stem", 0, 0.01, 0.02),
    row('<b>&"x"', 1, 0.001, 0.002),
    row("a/very/long/name/of/a/layer", 2, -1, 0),
  ];
  const text = chartAnalysis(analysis(rows));

  test("are well-formed and alone", () => {
    const names = elements(text);
    expect(names.filter((name) => name === "svg").length).toBe(1);
    // Three series of three rows (the fourth is exact), measured and predicted of four rows, two points and two trials; four legends.
    const marks = text.match(/class="bb-mark/g)?.length;
    expect(marks).toBe(3 * 3 + 2 * 4 + 2 + 2 + (4 + 2 + 2));
    expect(text).not.toMatch(/NaN|Infinity|undefined|href|url\(/);
    expect(text).toContain("prefers-color-scheme: dark");
  });

  test("say what marks are", () => {
    expect(text).toContain("<title>stem, measured: 0.01 nats (0.005 to 0.02)</title>");
    expect(text).toContain("<title>stem, weights: 20.0 dB</title>");
    expect(text).toContain("signal to quantization noise, dB");
    expect(text).toContain("rank correlation: layers 0.50, halves none");
  });

  test("escape names, and shorten them", () => {
    expect(text).toContain("&#60;b&#62;&#38;&#34;x&#34;");
    expect(text).not.toContain("<b>");
    expect(text).toContain(">…long/name/of/a/layer<");
    expect(text).toContain("<title>a/very/long/name/of/a/layer</title>");
    expect(chartAnalysis(analysis(rows), { title: "a < b" })).toContain("a &#60; b");
  });

  test("do without predictions, and without layers", () => {
    const without = chartAnalysis(analysis([row("stem", 0, 0.01)], 0));
    elements(without);
    expect(without).not.toContain("Predicted");
    elements(chartAnalysis(analysis([], 0)));
  });
});
