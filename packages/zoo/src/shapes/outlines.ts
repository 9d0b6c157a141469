/** The classes: closed outlines around the origin, within the unit circle, with short straight pieces. y points down. */
import { sine } from "./sine.ts";

/** Points one after the other: x0, y0, x1, y1, ... The last is joined to the first. */
export type Outline = Float64Array;

/** No piece is longer, so that warped outlines stay smooth. */
const PIECE = 0.3;

type Point = readonly [x: number, y: number];

function at(turns: number, radius = 1): Point {
  return [sine(turns + 0.25) * radius, sine(turns) * radius];
}

function around(count: number, point: (turns: number, i: number) => Point): Point[] {
  return Array.from({ length: count }, (_, i) => point(i / count, i));
}

/** Corners of a regular polygon; the first one is on top. */
function regular(corners: number): Point[] {
  return around(corners, (turns) => at(turns - 0.25));
}

/** The curve of the cardioid-like heart x = 16 sin^3 t, y = 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t, scaled. */
function heart(): Point[] {
  const cosine = (t: number) => sine(t + 0.25);
  return around(32, (t) => [
    sine(t) ** 3 * 0.95,
    (-13 * cosine(t) + 5 * cosine(2 * t) + 2 * cosine(3 * t) + cosine(4 * t)) / 17 + 0.1,
  ]);
}

/** An arc of the unit circle, closed by one of a circle that is shifted to the right. */
function moon(): Point[] {
  const outer = Array.from({ length: 21 }, (_, i) => at(0.14 + (0.72 * i) / 20));
  const [tip] = outer as [Point];
  const shift = 0.62;
  const radius = Math.sqrt((tip[0] - shift) ** 2 + tip[1] ** 2);
  // The inner arc spans about half of its circle; both arcs meet in the tips.
  const inner = Array.from({ length: 14 }, (_, i): Point => {
    const y = tip[1] * (-1 + (2 * (i + 1)) / 15);
    return [shift - Math.sqrt(Math.max(0, radius * radius - y * y)), y];
  });
  return [...outer, ...inner];
}

function drop(): Point[] {
  const round = Array.from({ length: 20 }, (_, i): Point => {
    const [x, y] = at(-0.06 + (0.62 * i) / 19, 0.68);
    return [x, y + 0.32];
  });
  return [...round, [0, -1]];
}

const arrow: Point[] = [
  [0, -1],
  [0.85, -0.05],
  [0.34, -0.05],
  [0.34, 0.95],
  [-0.34, 0.95],
  [-0.34, -0.05],
  [-0.85, -0.05],
];

const bolt: Point[] = [
  [0.2, -1],
  [-0.62, 0.2],
  [-0.06, 0.2],
  [-0.24, 1],
  [0.62, -0.26],
  [0.06, -0.26],
  [0.56, -1],
];

function cross(half = 0.34): Point[] {
  const corner: Point[] = [
    [half, -0.95],
    [half, -half],
    [0.95, -half],
  ];
  return Array.from({ length: 4 }, (_, quarter) =>
    corner.map(([x, y]): Point => {
      if (quarter === 0) return [x, y];
      if (quarter === 1) return [-y, x];
      return quarter === 2 ? [-x, -y] : [y, -x];
    }),
  ).flat();
}

const corners: Readonly<Record<string, Point[]>> = {
  circle: around(28, (turns) => at(turns, 0.9)),
  triangle: regular(3),
  square: regular(4),
  pentagon: regular(5),
  star: around(10, (turns, i) => at(turns - 0.25, i % 2 === 0 ? 1 : 0.45)),
  cross: cross(),
  heart: heart(),
  moon: moon(),
  drop: drop(),
  arrow,
  bolt,
  flower: around(50, (turns) => at(turns, 0.58 + 0.42 * Math.abs(sine(2.5 * turns)))),
};

/** Names of the classes; a label is a place in this list. */
export const shapeClasses: readonly string[] = Object.keys(corners);

/** One outline for each class. */
export const outlines: readonly Outline[] = Object.values(corners).map(pieces);

function pieces(points: readonly Point[]): Outline {
  const out: number[] = [];
  points.forEach(([x, y], i) => {
    const [nextX, nextY] = points[(i + 1) % points.length] as Point;
    const length = Math.sqrt((nextX - x) ** 2 + (nextY - y) ** 2);
    const count = Math.max(1, Math.ceil(length / PIECE));
    for (let k = 0; k < count; k++) out.push(x + ((nextX - x) * k) / count, y + ((nextY - y) * k) / count);
  });
  return Float64Array.from(out);
}
