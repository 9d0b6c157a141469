/** Dot plots: a line for each row of the benchmark, a dot with its interval for each rival. */
import type { TimedRow } from "../row.ts";
import { figure, milliseconds, times } from "../table.ts";
import { families, familyOf, isPeer } from "./families.ts";
import { type Html, html } from "./html.ts";
import { logScale, type Scale } from "./scale.ts";

const WIDTH = 1000;
const LABELS = 330;
const RIGHT = 990;
const ROW = 22;
const TOP = 48;

interface Dot {
  readonly family: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly title: string;
}

interface Line {
  readonly label: string;
  readonly dots: readonly Dot[];
  /** Figure at the right end. */
  readonly note: string;
}

interface Group {
  readonly title: string;
  readonly lines: readonly Line[];
}

/** How many times faster we are than each rival; right of the line at 1 we are faster. */
export function ratioChart(rows: readonly TimedRow[]): Html {
  const line = (row: TimedRow): Line => {
    const rivals = Object.entries(row.rivals);
    const peers = rivals.filter(([name]) => isPeer(name)).map(([, { ratio }]) => ratio);
    return {
      label: row.shape,
      note: peers.length === 0 ? "" : times(Math.min(...peers)),
      dots: rivals.map(([name, { ratio, ratioLow, ratioHigh, medianMs }]) => ({
        family: familyOf(name).key,
        value: ratio,
        low: ratioLow,
        high: ratioHigh,
        title: `${times(ratio)} (${times(ratioLow)} to ${times(ratioHigh)}) as fast as ${name}: ${milliseconds(row.medianMs)} ms against ${milliseconds(medianMs)} ms`,
      })),
    };
  };
  return plot(groupsOf(rows, line), { unit: "x", note: "against the fastest in a browser", mark: 1 });
}

/** Billions of multiply-adds per second, of us and of every rival. */
export function throughputChart(rows: readonly TimedRow[]): Html {
  const line = (row: TimedRow): Line => {
    const macs = (row.gmacs ?? 0) * row.medianMs;
    const dot = (
      family: string,
      name: string,
      ms: { medianMs: number; lowMs: number; highMs: number },
    ): Dot => ({
      family,
      value: macs / ms.medianMs,
      low: macs / ms.highMs,
      high: macs / ms.lowMs,
      title: `${name}: ${figure(macs / ms.medianMs)} GMAC/s, ${milliseconds(ms.medianMs)} ms (${milliseconds(ms.lowMs)} to ${milliseconds(ms.highMs)})`,
    });
    return {
      label: row.shape,
      note: figure(row.gmacs),
      dots: [
        ...Object.entries(row.rivals).map(([name, rival]) => dot(familyOf(name).key, name, rival)),
        dot("ours", `bitbudget ${row.backend}`, row),
      ],
    };
  };
  const counted = rows.filter(({ gmacs }) => gmacs !== null);
  return plot(groupsOf(counted, line), { unit: " GMAC/s", note: "bitbudget" });
}

function groupsOf(rows: readonly TimedRow[], line: (row: TimedRow) => Line): Group[] {
  const groups = new Map<string, Line[]>();
  for (const row of rows) {
    const title = row.op === "model" ? row.scheme : `${row.op}, ${row.scheme}`;
    const lines = groups.get(title) ?? [];
    groups.set(title, lines);
    lines.push(line(row));
  }
  return Array.from(groups, ([title, lines]) => ({ title, lines }));
}

interface PlotOptions {
  readonly unit: string;
  /** What the figures at the right end are. */
  readonly note: string;
  /** A value with a line of its own. */
  readonly mark?: number;
}

function plot(groups: readonly Group[], { unit, note, mark }: PlotOptions): Html {
  const dots = groups.flatMap(({ lines }) => lines.flatMap((line) => line.dots));
  const scale = logScale(
    dots.flatMap(({ low, high }) => [low, high]),
    LABELS,
    RIGHT - 90,
  );
  const parts: Html[] = [];
  let y = TOP;
  for (const { title, lines } of groups) {
    parts.push(html`<text class="group" x="0" y="${y + 16}">${title}</text>`);
    y += ROW + 2;
    for (const line of lines) {
      parts.push(lineOf(line, scale, y + ROW / 2));
      y += ROW;
    }
    y += 10;
  }
  return html`<svg class="plot" viewBox="0 0 ${WIDTH} ${y + 6}" role="img" aria-label="Dot plot in${unit}">
    ${axis(scale, y, unit, mark)}
    <text class="note" x="${RIGHT}" y="12" text-anchor="end">${note}</text>
    ${parts}
  </svg>`;
}

function axis(scale: Scale, bottom: number, unit: string, mark: number | undefined): Html[] {
  return scale.ticks.map((tick) => {
    const x = scale.at(tick).toFixed(1);
    const kind = tick === mark ? "grid mark" : "grid";
    return html`<line class="${kind}" x1="${x}" x2="${x}" y1="${TOP - 8}" y2="${bottom}"/>
      <text class="tick" x="${x}" y="${TOP - 14}" text-anchor="middle">${tick}${unit.trim() === "x" ? "x" : ""}</text>`;
  });
}

function lineOf({ label, dots, note }: Line, scale: Scale, y: number): Html {
  return html`<g class="line"><rect class="hover" x="0" y="${y - ROW / 2}" width="${WIDTH}" height="${ROW}"/>
    <text class="label" x="14" y="${y + 4}">${label}</text>
    <text class="value" x="${RIGHT}" y="${y + 4}" text-anchor="end">${note}</text>
    ${dots.map((dot) => dotOf(dot, scale, y))}</g>`;
}

function dotOf({ family, value, low, high, title }: Dot, scale: Scale, y: number): Html {
  const [x, left, right] = [value, low, high].map((v) => scale.at(v).toFixed(1));
  return html`<g class="dot ${family}"><title>${title}</title>
    <line x1="${left}" x2="${right}" y1="${y}" y2="${y}"/><circle cx="${x}" cy="${y}" r="5"/></g>`;
}

const order: readonly string[] = ["web", "web-float", "tfjs", "own", "native"];

/** What the colors mean, for the families that occur. */
export function legend(rows: readonly TimedRow[], ours: boolean): Html {
  const present = new Set(
    rows.flatMap(({ rivals }) => Object.keys(rivals).map((name) => familyOf(name).key)),
  );
  const entries = order
    .flatMap((key) => families.filter((family) => family.key === key && present.has(key)))
    .map(({ key, title }) => ({ key, title }));
  if (ours) entries.unshift({ key: "ours", title: "bitbudget" });
  return html`<p class="legend">${entries.map(
    ({ key, title }) =>
      html`<span><svg width="14" height="12" viewBox="0 0 14 12"><g class="dot ${key}"><circle cx="7" cy="6" r="5"/></g></svg>${title}</span>`,
  )}</p>`;
}
