/** A panel with a line for each row: marks along a common axis. */
import { type Part, svg } from "./markup.ts";
import type { Scale } from "./scale.ts";
import { legend, type Series, shortened, WIDTH } from "./style.ts";

const ROW = 21;
export const LEFT = 164;
export const RIGHT = WIDTH - 16;

export interface Row {
  readonly label: string;
  /** Marks, of the row whose middle is at `y`. */
  draw(y: number): Part;
}

export interface RowPanel {
  readonly title: string;
  /** What the axis shows, with its unit. */
  readonly axis: string;
  readonly scale: Scale;
  readonly format: (tick: number) => string;
  readonly series: readonly Series[];
  readonly rows: readonly Row[];
}

export interface Drawn {
  readonly parts: Part;
  readonly bottom: number;
}

export function rowPanel({ title, axis, scale, format, series, rows }: RowPanel, top: number): Drawn {
  const key = legend(series, top + 40);
  const start = top + 40 + key.height + 22;
  const bottom = start + rows.length * ROW;
  const grid = scale.ticks.map((tick) => {
    const x = scale.at(tick).toFixed(1);
    return svg`<line class="bb-grid" x1="${x}" x2="${x}" y1="${start}" y2="${bottom}"/>
<text class="bb-tick" x="${x}" y="${start - 6}" text-anchor="middle">${format(tick)}</text>
<text class="bb-tick" x="${x}" y="${bottom + 15}" text-anchor="middle">${format(tick)}</text>`;
  });
  const lines = rows.map(({ label, draw }, i) => {
    const y = start + i * ROW;
    const band =
      i % 2 === 0 ? svg`<rect class="bb-band" x="0" y="${y}" width="${WIDTH}" height="${ROW}"/>` : "";
    return {
      band,
      text: svg`<text x="8" y="${y + 15}">${shortened(label, 21)}<title>${label}</title></text>`,
      marks: draw(y + ROW / 2),
    };
  });
  const parts = [
    svg`<text class="bb-panel" x="8" y="${top + 16}">${title}</text>`,
    key.parts,
    ...lines.map(({ band }) => band),
    ...grid,
    ...lines.flatMap(({ text, marks }) => [text, marks]),
    svg`<text class="bb-note" x="${(LEFT + RIGHT) / 2}" y="${bottom + 33}" text-anchor="middle">${axis}</text>`,
  ];
  return { parts, bottom: bottom + 40 };
}
