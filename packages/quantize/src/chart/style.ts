/** How charts look: light and dark as the reader's system is, with colors that can be told apart, and marks that can be without them. */
import { Markup, type Part, svg } from "./markup.ts";

/** Sized for a phone: letters are to be read at 360 pixels, too. */
export const WIDTH = 480;

const style = new Markup(`<style>
.bb-chart { --bb-ink: #1d2430; --bb-soft: #5c6675; --bb-line: #dfe3e9; --bb-band: #f4f6f9; --bb-paper: #fff;
  --bb-a: #2f66d8; --bb-b: #0b8a5f; --bb-c: #d2691a; --bb-d: #9a5bc4;
  color: var(--bb-ink); font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums; }
@media (prefers-color-scheme: dark) { .bb-chart { --bb-ink: #e6e9ef; --bb-soft: #9aa4b4; --bb-line: #2d3440;
  --bb-band: #1c222b; --bb-paper: #14181f; --bb-a: #6c9bff; --bb-b: #3ecf9a; --bb-c: #f2a357; --bb-d: #c08be6; } }
.bb-chart text { fill: currentColor; }
.bb-chart .bb-title { font-size: 17px; font-weight: 650; }
.bb-chart .bb-panel { font-size: 15px; font-weight: 650; }
.bb-chart .bb-note, .bb-chart .bb-tick { fill: var(--bb-soft); font-size: 12px; }
.bb-chart .bb-grid { stroke: var(--bb-line); }
.bb-chart .bb-even { stroke: var(--bb-soft); stroke-dasharray: 4 3; }
.bb-chart .bb-band { fill: var(--bb-band); }
.bb-chart .bb-paper { fill: var(--bb-paper); }
.bb-a { --bb-own: var(--bb-a); } .bb-b { --bb-own: var(--bb-b); } .bb-c { --bb-own: var(--bb-c); } .bb-d { --bb-own: var(--bb-d); }
.bb-mark { fill: var(--bb-own); stroke: var(--bb-paper); stroke-width: 1; }
.bb-mark.bb-open { fill: var(--bb-paper); stroke: var(--bb-own); stroke-width: 2; }
.bb-span { stroke: var(--bb-own); stroke-width: 2; opacity: .5; stroke-linecap: round; }
</style>`);

export type Color = "a" | "b" | "c" | "d";
export type Shape = "circle" | "ring" | "square" | "diamond";

/** What a kind of mark means. */
export interface Series {
  readonly color: Color;
  readonly shape: Shape;
  readonly label: string;
}

export function chart(height: number, title: string, parts: Part): string {
  return svg`<svg xmlns="http://www.w3.org/2000/svg" class="bb-chart" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
${style}
<rect class="bb-paper" width="${WIDTH}" height="${height}"/>
${parts}
</svg>
`.text;
}

/** A mark with its text, which readers see when they point at it. */
export function mark(x: number, y: number, { color, shape }: Series, title: string): Markup {
  const [cx, cy] = [x.toFixed(1), y.toFixed(1)];
  const kind = `bb-mark bb-${color}${shape === "ring" ? " bb-open" : ""}`;
  const tip = title === "" ? "" : svg`<title>${title}</title>`;
  if (shape === "circle") return svg`<circle class="${kind}" cx="${cx}" cy="${cy}" r="4.5">${tip}</circle>`;
  if (shape === "ring") return svg`<circle class="${kind}" cx="${cx}" cy="${cy}" r="4">${tip}</circle>`;
  const turn = shape === "diamond" ? ` rotate(45)` : "";
  return svg`<rect class="${kind}" x="-4" y="-4" width="8" height="8" transform="translate(${cx} ${cy})${turn}">${tip}</rect>`;
}

/** From one number to another, of one series. */
export function span(from: number, to: number, y: number, { color }: Series): Markup {
  return svg`<line class="bb-span bb-${color}" x1="${from.toFixed(1)}" x2="${to.toFixed(1)}" y1="${y}" y2="${y}"/>`;
}

/** The series of a panel in rows of two. */
export function legend(
  series: readonly Series[],
  top: number,
): { readonly parts: Part; readonly height: number } {
  const parts = series.map((each, i) => {
    const [x, y] = [14 + (i % 2) * (WIDTH / 2), top + 20 * Math.floor(i / 2)];
    return [mark(x, y - 4, each, ""), svg`<text class="bb-note" x="${x + 11}" y="${y}">${each.label}</text>`];
  });
  return { parts, height: 20 * Math.ceil(series.length / 2) };
}

/** The end of a name that is too long. */
export function shortened(name: string, most: number): string {
  return name.length <= most ? name : `…${name.slice(1 - most)}`;
}
