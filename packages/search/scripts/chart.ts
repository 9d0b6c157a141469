/** Fronts as an SVG: steps, as a point is as good as all that it dominates. */

export interface Curve {
  readonly name: string;
  /** From left to right. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Axes {
  readonly x: string;
  readonly y: string;
  /** Largest y; what is above is left out. */
  readonly top: number;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [760, 460, 60, 740, 20, 410];
const colors = ["#0a6ebd", "#c2571a", "#6b7280", "#3f8f3f"];

export function chart(curves: readonly Curve[], axes: Axes): string {
  const shown = curves.map(({ name, points }) => ({ name, points: points.filter(([, y]) => y <= axes.top) }));
  const xs = shown.flatMap(({ points }) => points.map(([x]) => x));
  const [least, most] = [Math.min(...xs), Math.max(...xs)];
  const x = (value: number) => LEFT + ((value - least) / (most - least || 1)) * (RIGHT - LEFT);
  const y = (value: number) => BOTTOM - (value / axes.top) * (BOTTOM - TOP);
  const paths = shown.map(({ name, points }, i) => {
    const color = colors[i % colors.length];
    const steps = points.map(([px, py], k) =>
      k === 0 ? `M${place(x(px))},${place(y(py))}` : `H${place(x(px))}V${place(y(py))}`,
    );
    const dots = points.map(([px, py]) => `<circle cx="${place(x(px))}" cy="${place(y(py))}" r="2.5"/>`);
    return (
      `<g fill="${color}"><path d="${steps.join("")}" fill="none" stroke="${color}" stroke-width="1.5"/>${dots.join("")}` +
      `<text x="${RIGHT}" y="${TOP + 16 + 18 * i}" text-anchor="end">${escaped(name)}</text></g>`
    );
  });
  const ticks = Array.from({ length: axes.top + 1 }, (_, i) => i).map(
    (i) => `<text x="${LEFT - 8}" y="${place(y(i) + 4)}" text-anchor="end">${i}</text>`,
  );
  const ends = [least, most].map(
    (value) =>
      `<text x="${place(x(value))}" y="${BOTTOM + 18}" text-anchor="middle">${value.toFixed(2)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<path d="M${LEFT},${TOP}V${BOTTOM}H${RIGHT}" fill="none" stroke="#999"/>
<path d="M${LEFT},${place(y(1))}H${RIGHT}" stroke="#999" stroke-dasharray="4 4"/>
${[...paths, ...ticks, ...ends].join("\n")}
<text x="${(LEFT + RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(axes.x)}</text>
<text transform="translate(16 ${(TOP + BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escaped(axes.y)}</text>
</svg>
`;
}

function place(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
