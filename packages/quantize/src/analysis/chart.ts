/** An analysis as a picture: where error is born, how it travels, what it costs, and what predictions of that are worth. */
import { svg } from "../chart/markup.ts";
import { type Drawn, LEFT, RIGHT, type RowPanel, rowPanel } from "../chart/rows.ts";
import { linearScale, logScale } from "../chart/scale.ts";
import { chart, legend, mark, type Series, span, WIDTH } from "../chart/style.ts";
import { figure, predictedOf } from "./format.ts";
import type { Interval } from "./statistics.ts";
import type { Analysis, LayerAnalysis } from "./types.ts";

const weights: Series = { color: "a", shape: "circle", label: "weights" };
const alone: Series = { color: "b", shape: "square", label: "output of the layer alone" };
const accumulated: Series = { color: "c", shape: "diamond", label: "output after all before it" };
const model: Series = { color: "d", shape: "ring", label: "model's output" };
const measured: Series = { color: "b", shape: "circle", label: "measured, with 95% interval" };
const predicted: Series = { color: "d", shape: "ring", label: "predicted, with 95% interval" };
const layerPoint: Series = { color: "b", shape: "circle", label: "a layer" };
const trialPoint: Series = { color: "c", shape: "diamond", label: "half of the layers" };

/**
 * An SVG document, self-contained, light or dark as the reader's system is: as a file, or inside of a page.
 * @param options.title default: which output and which objective it is about
 */
export function chartAnalysis(analysis: Analysis, { title }: { readonly title?: string } = {}): string {
  const heading = title ?? `Quantization error by layer, to ${analysis.output}`;
  const errors = rowPanel(errorPanel(analysis.layers), 40);
  const costs = rowPanel(costPanel(analysis), errors.bottom + 14);
  const points = pointsOf(analysis);
  const last = points.length < 2 ? costs : scatter(analysis, points, costs.bottom + 14);
  return chart(last.bottom, heading, [
    svg`<text class="bb-title" x="8" y="24">${heading}</text>`,
    errors.parts,
    costs.parts,
    last === costs ? undefined : last.parts,
  ]);
}

function errorPanel(layers: readonly LayerAnalysis[]): RowPanel {
  const numbers = layers.flatMap((row) => [
    row.weightSqnrDb ?? Number.NaN,
    row.outputSqnrDb,
    row.accumulatedSqnrDb,
    row.modelSqnrDb,
  ]);
  const scale = linearScale(numbers, LEFT, RIGHT);
  const rows = layers.map((row) => {
    const marks = [
      // Not one above the other where both are the same.
      [weights, row.weightSqnrDb, -4],
      [alone, row.outputSqnrDb, 3],
      [accumulated, row.accumulatedSqnrDb, 3],
      [model, row.modelSqnrDb, -4],
    ] as const;
    return {
      label: row.layer,
      draw: (y: number) => [
        Number.isFinite(row.outputSqnrDb) && Number.isFinite(row.accumulatedSqnrDb)
          ? span(scale.at(row.accumulatedSqnrDb), scale.at(row.outputSqnrDb), y + 3, accumulated)
          : undefined,
        ...marks.map(([series, x, shift]) =>
          x === undefined || !Number.isFinite(x)
            ? undefined
            : mark(scale.at(x), y + shift, series, `${row.layer}, ${series.label}: ${x.toFixed(1)} dB`),
        ),
      ],
    };
  });
  return {
    title: "Where error is born, and how it travels",
    axis: "signal to quantization noise, dB; right is better",
    format: String,
    series: [weights, alone, accumulated, { ...model, label: "model's output, this layer alone" }],
    scale,
    rows,
  };
}

function costPanel({ layers, whole, unit }: Analysis): RowPanel {
  const all = [
    ...layers.map((row) => ({ label: row.layer, measured: row.measured, predicted: predictedOf(row) })),
    { label: "all layers", measured: whole.measured, predicted: exactly(whole.predicted) },
  ];
  const scale = logScale(
    all.flatMap((row) => [row.measured.mean, row.predicted?.mean ?? 0]),
    LEFT,
    RIGHT,
    5,
  );
  const draw = (label: string, series: Series, value: Interval | undefined, y: number) => {
    if (value === undefined) return undefined;
    const { mean, low, high } = value;
    const range = high > low ? ` (${figure(low)} to ${figure(high)})` : "";
    return [
      high > low ? span(scale.at(low), scale.at(high), y, series) : undefined,
      mark(
        scale.at(mean),
        y,
        series,
        `${label}, ${series.label.split(",")[0]}: ${figure(mean)} ${unit}${range}`,
      ),
    ];
  };
  return {
    title: "What each layer costs by itself",
    axis: `${costOf(unit)}; left is better`,
    format: power,
    series: layers.some((row) => row.predicted !== undefined) ? [measured, predicted] : [measured],
    scale,
    rows: all.map((row) => ({
      label: row.label,
      draw: (y: number) => [
        draw(row.label, measured, row.measured, y - 3),
        draw(row.label, predicted, row.predicted, y + 3),
      ],
    })),
  };
}

interface Point {
  readonly series: Series;
  readonly label: string;
  readonly measured: number;
  readonly predicted: number;
}

function pointsOf({ layers, trials }: Analysis): Point[] {
  const rows = layers.map((row) => ({
    ...{ series: layerPoint, label: row.layer },
    ...{ measured: row.measured.mean, predicted: predictedOf(row)?.mean },
  }));
  const halves = trials.map((trial) => ({
    ...{ series: trialPoint, label: `${trial.layers.length} layers` },
    ...{ measured: trial.measured.mean, predicted: trial.predicted },
  }));
  return [...rows, ...halves].flatMap(({ predicted: sum, ...rest }) =>
    sum !== undefined && sum > 0 && rest.measured > 0 ? [{ ...rest, predicted: sum }] : [],
  );
}

function scatter({ unit, trials, correlations }: Analysis, points: readonly Point[], top: number): Drawn {
  const series = trials.length > 0 ? [layerPoint, trialPoint] : [layerPoint];
  const key = legend(series, top + 40);
  const [left, right] = [64, RIGHT - 8];
  const start = top + 40 + key.height + 8;
  const bottom = start + (right - left);
  const numbers = points.flatMap((point) => [point.measured, point.predicted]);
  const [x, y] = [logScale(numbers, left, right, 5), logScale(numbers, bottom, start, 5)];
  const grid = x.ticks.map((tick) => {
    const [across, up] = [x.at(tick).toFixed(1), y.at(tick).toFixed(1)];
    return svg`<line class="bb-grid" x1="${across}" x2="${across}" y1="${start}" y2="${bottom}"/>
<line class="bb-grid" x1="${left}" x2="${right}" y1="${up}" y2="${up}"/>
<text class="bb-tick" x="${across}" y="${bottom + 17}" text-anchor="middle">${power(tick)}</text>
<text class="bb-tick" x="${left - 8}" y="${y.at(tick) + 4}" text-anchor="end">${power(tick)}</text>`;
  });
  const ranks = `rank correlation: layers ${rank(correlations.fisher)}${trials.length > 0 ? `, halves ${rank(correlations.trials)}` : ""}`;
  const middle = (start + bottom) / 2;
  const parts = [
    svg`<text class="bb-panel" x="8" y="${top + 16}">Predicted from gradients, against measured</text>`,
    key.parts,
    ...grid,
    svg`<line class="bb-even" x1="${left}" y1="${bottom}" x2="${right}" y2="${start}"/>`,
    ...points.map((point) =>
      mark(
        x.at(point.measured),
        y.at(point.predicted),
        point.series,
        `${point.label}: measured ${figure(point.measured)}, predicted ${figure(point.predicted)} ${unit}`,
      ),
    ),
    svg`<text class="bb-note" x="${(left + right) / 2}" y="${bottom + 36}" text-anchor="middle">measured: ${costOf(unit)}</text>`,
    svg`<text class="bb-note" x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">predicted, the same</text>`,
    svg`<text class="bb-note" x="${WIDTH / 2}" y="${bottom + 58}" text-anchor="middle">dashed: equal; ${ranks}</text>`,
  ];
  return { parts, bottom: bottom + 72 };
}

function exactly(x: number | undefined): Interval | undefined {
  return x === undefined ? undefined : { mean: x, low: x, high: x };
}

function costOf(unit: string): string {
  if (unit === "nats") return "divergence from the float model, nats";
  return unit === "loss" ? "growth of the loss" : "mean square error of the output";
}

/** 0.01, 1, 100; others as powers of ten. */
function power(tick: number): string {
  const exponent = Math.round(Math.log10(tick));
  if (exponent >= -2 && exponent <= 3) return String(Number(`1e${exponent}`));
  const digits = [...String(Math.abs(exponent))].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

function rank(x: number | null): string {
  return x === null ? "none" : x.toFixed(2);
}
