/** An analysis as text. */
import type { LayerScheme } from "../scheme.ts";
import { textTable } from "../text-table.ts";
import type { Interval } from "./statistics.ts";
import type { Analysis, LayerAnalysis, Trial } from "./types.ts";

/** A table with a row for each layer in the order of the model, one for all of them, and what the predictions are worth. */
export function formatAnalysis(analysis: Analysis): string {
  const { layers, whole, unit, output } = analysis;
  const header = [
    ...["layer", "operator", "scheme", "numbers", "bits", "weights dB", "output dB", "accumulated dB"],
    ...[`${output} dB`, `measured ${unit}`, "95%", "predicted", "95%", "diagonal"],
  ];
  const rows = layers.map((row) => [
    row.layer,
    row.opType,
    describeScheme(row.scheme),
    String(row.parameters),
    row.parameters === 0 ? "" : row.bits.toFixed(2),
    decibels(row.weightSqnrDb),
    decibels(row.outputSqnrDb),
    decibels(row.accumulatedSqnrDb),
    decibels(row.modelSqnrDb),
    figure(row.measured.mean),
    half(row.measured),
    figure(predictedOf(row)?.mean),
    half(predictedOf(row)),
    figure(row.predicted?.diagonal.mean),
  ]);
  const all = [
    "all layers",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    decibels(whole.modelSqnrDb),
    figure(whole.measured.mean),
  ];
  rows.push([...all, half(whole.measured), figure(whole.predicted), "", ""]);
  const table = textTable(header, rows, new Set([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]));
  return [table, ...notes(analysis)].join("\n");
}

/** What a layer is predicted to cost: Fisher information, and the first order where there is one. */
export function predictedOf({ predicted }: LayerAnalysis): Interval | undefined {
  if (predicted === undefined) return undefined;
  const { fisher, first } = predicted;
  if (first === undefined) return fisher;
  const mean = fisher.mean + first.mean;
  // Of sums whose terms follow from the same gradients: the intervals add up at most.
  const wide = fisher.high - fisher.mean + first.high - first.mean;
  return { mean, low: mean - wide, high: mean + wide };
}

function* notes({ whole, trials, correlations, draws, noGradients, skipped }: Analysis): Generator<string> {
  if (skipped.length > 0) yield `left out: ${skipped.join(", ")}`;
  if (noGradients !== undefined) {
    yield `no predictions: ${noGradients}`;
    return;
  }
  yield `predicted with ${draws} gradients; rank correlation with what was measured: ${correlation(correlations.fisher)}, with the diagonal alone ${correlation(correlations.diagonal)}`;
  yield `all layers: sum of predictions ${figure(whole.predicted)}, measured ${figure(whole.measured.mean)}`;
  if (trials.length === 0) return;
  yield `${trials.length} random halves of the layers: rank correlation of the sums ${correlation(correlations.trials)}, median of predicted / measured ${figure(medianRatio(trials))}`;
}

function medianRatio(trials: readonly Trial[]): number | undefined {
  const ratios = trials
    .map(({ predicted = Number.NaN, measured }) => predicted / measured.mean)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  return ratios[Math.floor(ratios.length / 2)];
}

/** "int8 channel", "int4 block 32, uint8 in". */
export function describeScheme({ weight, activation }: LayerScheme): string {
  const parts: string[] = [];
  if (weight !== undefined) {
    const { dtype, bits, granularity = "channel", mapping = "symmetric" } = weight;
    const groups = typeof granularity === "string" ? granularity : `block ${granularity.block}`;
    const used = bits === undefined ? "" : ` (${bits} bits)`;
    parts.push(`${dtype}${used} ${mapping === "symmetric" ? "" : `${mapping} `}${groups}`);
  }
  if (activation !== undefined)
    parts.push(`${activation.dtype}${activation.dynamic === true ? " dynamic" : ""} in`);
  return parts.join(", ");
}

export function figure(x: number | undefined): string {
  if (x === undefined) return "";
  return x === 0 ? "0" : Number(x.toPrecision(3)).toString();
}

function half(interval: Interval | undefined): string {
  return interval !== undefined && interval.high > interval.mean
    ? `±${figure(interval.high - interval.mean)}`
    : "";
}

function decibels(x: number | undefined): string {
  return x === undefined ? "" : x === Infinity ? "exact" : x.toFixed(1);
}

function correlation(x: number | null): string {
  return x === null ? "none" : x.toFixed(2);
}
