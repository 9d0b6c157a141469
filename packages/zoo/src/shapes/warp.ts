/** Random distortions of an outline: rotation, anisotropic scale and shear, a bend, perspective, and where it lies. */
import type { Random } from "../random.ts";
import type { Outline } from "./outlines.ts";
import { sine } from "./sine.ts";

/** Turns: about 29 degrees to both sides. */
const maxTurn = 0.08;

export interface Placement {
  /** Middle and half extent, in pixels. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** The outline in pixels, distorted. */
export function warped(
  random: Random,
  outline: Outline,
  { x: middleX, y: middleY, radius }: Placement,
): Outline {
  const turns = random.between(-maxTurn, maxTurn);
  const [cos, sin] = [sine(turns + 0.25), sine(turns)];
  const stretch = random.between(0.75, 1.0);
  const shear = random.between(-0.3, 0.3);
  const { x: skewX, y: skewY } = random.direction();
  const perspective = random.between(0, 0.28);
  const [bendX, bendY] = [random.between(-0.16, 0.16), random.between(-0.16, 0.16)];
  const out = new Float64Array(outline.length);
  for (let i = 0; i < outline.length; i += 2) {
    // Bend and shear first, in the outline's own axes; then turn.
    const u = outline[i]!;
    const v = outline[i + 1]!;
    const p = u * stretch + shear * v + bendX * v * v;
    const q = v + bendY * u * u;
    const x = p * cos - q * sin;
    const y = p * sin + q * cos;
    const depth = 1 + perspective * (x * skewX + y * skewY);
    out[i] = middleX + (x / depth) * radius;
    out[i + 1] = middleY + (y / depth) * radius;
  }
  return out;
}
