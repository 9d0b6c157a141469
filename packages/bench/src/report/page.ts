/** The report: one page that needs nothing else, from the files that `--json` wrote. */
import type { BenchFile, RefusedRow, Row, TimedRow } from "../row.ts";
import { median } from "../statistics.ts";
import { figure, milliseconds, rateTitle, times } from "../table.ts";
import { legend, ratioChart, throughputChart } from "./chart.ts";
import { isPeer } from "./families.ts";
import { type Html, html } from "./html.ts";
import { style } from "./style.ts";
import { outcomes } from "./targets.ts";

/** The text of the page. */
export function reportPage(files: readonly BenchFile[]): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>bitbudget: benchmark</title>
<style>${style}</style>
</head>
<body>
<h1>bitbudget against its rivals</h1>
<p class="soft">All times of a row were taken in one process, in turns, after every rival's result was compared with ours. Ratios
above 1 mean that bitbudget is faster. Bars beside dots are 95% intervals.</p>
${targetSection(files)}
${files.map(section)}
</body>
</html>
`.text;
}

/** The targets, and how far we are. */
function targetSection(files: readonly BenchFile[]): Html {
  const rows = files.flatMap((file) => file.rows.filter((row): row is TimedRow => row.status === "timed"));
  const known = outcomes(rows).filter(({ worst }) => worst !== undefined);
  if (known.length === 0) return html``;
  return html`<h2>Targets</h2>
<p>Each is held against its worst row.</p>
<div class="scroll"><table><thead><tr><th>work</th><th>against</th><th class="number">target</th><th class="number">worst row</th>
<th>which</th></tr></thead><tbody>${known.map(({ target, worst, rows: count }) => {
    const reached = worst !== undefined && worst.ratio >= target.atLeast;
    return html`<tr><td>${target.work}</td><td>${target.rival}</td><td class="number">${target.atLeast}x</td>
<td class="number ${reached ? "good" : "bad"}">${worst === undefined ? "" : times(worst.ratio)}</td>
<td>${worst?.row.shape} <span class="soft">of ${count}</span></td></tr>`;
  })}</tbody></table></div>`;
}

const titles = { kernels: "Kernels", models: "Models", train: "Training", first: "First inference" } as const;
const leads = {
  kernels:
    "One op each, from operands in host memory to its result. Results over 64 kB stay where they were computed, for all.",
  models: "Whole models, from feeds to outputs in host memory. Both sides run the same file.",
  train:
    "One step of training: the loss and its gradients, and stochastic gradient descent with momentum, from a batch in host memory.",
  first:
    "From the bytes of a model to its first answer in a fresh process: loading the wasm and the model, and one run; with imports, the JavaScript as well.",
} as const;

function section({ command, environment, date, rows }: BenchFile): Html {
  const timed = rows.filter((row): row is TimedRow => row.status === "timed");
  const counted = timed.filter(({ gmacs }) => gmacs !== null);
  const { engine, processor, device, threads, rivals } = environment;
  return html`<h2>${titles[command]}, ${threads} thread${threads === 1 ? "" : "s"}, ${engine.split(" ")[0]}</h2>
<p>${leads[command]}</p>
<ul class="environment">
<li>${engine} on ${processor}; ${date.slice(0, 10)}</li>
<li>${device}</li>
<li>Rivals: ${Object.values(rivals).join("; ")}</li>
</ul>
${tiles(timed)}
<h3>How many times faster than</h3>
${legend(timed, false)}
<div class="scroll">${ratioChart(timed)}</div>
${
  counted.length === 0
    ? undefined
    : html`<h3>Throughput, billions of multiply-adds per second</h3>
${legend(counted, true)}
<div class="scroll">${throughputChart(counted)}</div>`
}
<details><summary>All figures</summary><div class="scroll">${table(rows)}</div></details>`;
}

/** The median advantage in each scheme. */
function tiles(rows: readonly TimedRow[]): Html {
  const schemes = new Map<string, number[]>();
  for (const { scheme, rivals } of rows) {
    const peers = Object.entries(rivals)
      .filter(([name]) => isPeer(name))
      .map(([, { ratio }]) => ratio);
    if (peers.length > 0) schemes.set(scheme, [...(schemes.get(scheme) ?? []), Math.min(...peers)]);
  }
  return html`<div class="tiles">${Array.from(
    schemes,
    ([scheme, ratios]) =>
      html`<div class="tile"><b>${times(median(ratios))}</b><span>${scheme}: median over ${ratios.length} ${ratios.length === 1 ? "row" : "rows"}, fastest browser rival</span></div>`,
  )}</div>`;
}

function table(rows: readonly Row[]): Html {
  return html`<table><thead><tr><th>op</th><th>scheme</th><th>shape</th><th class="number">ms</th>
<th class="number">${rateTitle(rows.map(({ op }) => op))}</th><th>rivals: ms, ratio</th></tr></thead>
<tbody>${rows.map(tableRow)}</tbody></table>`;
}

function tableRow(row: Row): Html {
  const start = html`<td>${row.op}</td><td>${row.scheme}</td><td>${row.shape}</td>`;
  if (row.status !== "timed") return html`<tr>${start}<td colspan="3">${reasonOf(row)}</td></tr>`;
  const { kernelOnly } = row;
  const alone =
    kernelOnly === undefined
      ? undefined
      : html`<small>kernel ${milliseconds(kernelOnly.medianMs)} ms${kernelOnly.gmacs === null ? "" : `, ${figure(kernelOnly.gmacs)}`}</small>`;
  return html`<tr>${start}
<td class="number">${milliseconds(row.medianMs)}<small>${milliseconds(row.lowMs)} to ${milliseconds(row.highMs)}</small></td>
<td class="number">${figure(row.samplesPerSecond ?? row.gmacs)}${alone}</td>
<td>${Object.entries(row.rivals).map(
    ([name, { medianMs, ratio, ratioLow, ratioHigh }]) =>
      html`<div>${name}: ${milliseconds(medianMs)} ms, <b>${times(ratio)}</b> <span class="soft">(${times(ratioLow)} to ${times(ratioHigh)})</span></div>`,
  )}${row.problems.map(
    ({ rival, kind, message }) =>
      html`<div class="${kind === "disagrees" ? "bad" : "soft"}">${rival} ${kind}: ${message}</div>`,
  )}<small>${row.kernel}; ${row.samples} samples</small></td></tr>`;
}

function reasonOf(row: RefusedRow | Exclude<Row, TimedRow | RefusedRow>): Html {
  return row.status === "refused"
    ? html`<span class="soft">refused: ${row.reason}</span>`
    : html`<span class="bad">failed: ${row.error}</span>`;
}
