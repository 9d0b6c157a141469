/** Colours and textures, none of which depends on the class. Colours are red, green, blue of 0 to 1. */
import type { Random } from "../random.ts";

export type Colour = readonly [number, number, number];

/** Two colours and a texture that mixes them. */
export interface Paint {
  readonly from: Colour;
  readonly to: Colour;
  /** Share of `to` at the middle of a pixel, 0 to 1. */
  readonly texture: (x: number, y: number) => number;
}

/** A colour that is neither black nor white, from hue, saturation and value. */
export function anyColour(random: Random): Colour {
  const hue = random.between(0, 6);
  const value = random.between(0.25, 0.95);
  const saturation = random.between(0.1, 0.65);
  const channel = (shift: number) => {
    const k = (shift + hue) % 6;
    return value * (1 - saturation * Math.max(0, Math.min(1, k, 4 - k)));
  };
  return [channel(5), channel(3), channel(1)];
}

/** A colour that differs from another by `contrast`, the Euclidean distance in the cube of colours. */
export function colourAt(random: Random, from: Colour, contrast: number): Colour {
  let best = from;
  let bestError = Infinity;
  // What leaves the cube is cut off and comes out closer: the best of a few.
  for (let i = 0; i < 8 && bestError > 0.1 * contrast; i++) {
    const towards = anyColour(random);
    const scale = contrast / Math.max(1e-3, distance(from, towards));
    const colour = towards.map((c, k) => clamp(from[k]! + (c - from[k]!) * scale)) as [
      number,
      number,
      number,
    ];
    const error = Math.abs(distance(from, colour) - contrast);
    if (error < bestError) [best, bestError] = [colour, error];
  }
  return best;
}

/** A texture around a colour: its two colours differ by `strength`. */
export function paintOf(random: Random, colour: Colour, strength: number): Paint {
  const other = colourAt(random, colour, strength);
  return { from: colour, to: other, texture: random.pick(textures)(random) };
}

function distance(a: Colour, b: Colour): number {
  return Math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2);
}

function clamp(x: number): number {
  return Math.max(0, Math.min(1, x));
}

type Texture = Paint["texture"];

const textures: readonly ((random: Random) => Texture)[] = [
  plain,
  gradient,
  stripes,
  stripes,
  checks,
  dots,
  mottled,
];

function plain(): Texture {
  return () => 0;
}

function gradient(random: Random): Texture {
  const { x: dx, y: dy } = random.direction();
  return (x, y) => clamp(0.5 + ((x - 16) * dx + (y - 16) * dy) / 40);
}

/** 0 to 1 and back over a period of 1, flattened at both ends. */
function wave(u: number): number {
  const t = u - Math.floor(u);
  return clamp(Math.abs(t - 0.5) * 4 - 0.5);
}

function stripes(random: Random): Texture {
  const { x: dx, y: dy } = random.direction();
  const rate = 1 / random.between(3, 8);
  const phase = random.between(0, 1);
  return (x, y) => wave((x * dx + y * dy) * rate + phase);
}

function checks(random: Random): Texture {
  const { x: dx, y: dy } = random.direction();
  const rate = 1 / random.between(4, 10);
  const phase = random.between(0, 1);
  return (x, y) => {
    const a = wave((x * dx + y * dy) * rate + phase);
    const b = wave((x * dy - y * dx) * rate + phase);
    return a + b - 2 * a * b;
  };
}

function dots(random: Random): Texture {
  const { x: dx, y: dy } = random.direction();
  const rate = 1 / random.between(3.5, 8);
  const phase = random.between(0, 1);
  return (x, y) => {
    const u = (x * dx + y * dy) * rate + phase;
    const v = (x * dy - y * dx) * rate + phase;
    const du = u - Math.floor(u) - 0.5;
    const dv = v - Math.floor(v) - 0.5;
    return clamp(1.5 - 12 * (du * du + dv * dv));
  };
}

/** Value noise: random numbers on a lattice, smoothly between them. */
function mottled(random: Random): Texture {
  const lattice = Float64Array.from({ length: 256 }, () => random.between(0, 1));
  const rate = 1 / random.between(2.5, 7);
  return (x, y) => {
    const [u, v] = [x * rate, y * rate];
    const [i, j] = [Math.floor(u), Math.floor(v)];
    const [a, b] = [ease(u - i), ease(v - j)];
    const at = (di: number, dj: number) => lattice[((j + dj) & 15) * 16 + ((i + di) & 15)]!;
    return (at(0, 0) * (1 - a) + at(1, 0) * a) * (1 - b) + (at(0, 1) * (1 - a) + at(1, 1) * a) * b;
  };
}

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}
