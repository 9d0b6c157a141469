/**
 * One image: a textured ground, parts of other shapes, the shape, something in front of it, uneven light, blur and noise.
 * Colours, textures, sizes and all else are independent of the class. Every number is of sums, products, quotients and
 * square roots, so the bytes are the same in every engine.
 */
import type { Random } from "../random.ts";
import { type Outline, outlines } from "./outlines.ts";
import { anyColour, type Colour, colourAt, type Paint, paintOf } from "./paint.ts";
import { Raster } from "./raster.ts";
import { warped } from "./warp.ts";

/** Height and width of an image in pixels. */
export const imageSize = 32;
const pixels = imageSize * imageSize;

/** How hard the images are: the committed sets and accuracies are those of these numbers. */
const contrast = [0.35, 0.8] as const;
/** These three are relative to the contrast: the texture of the ground, that of the shape, the deviation of the noise. */
const groundTexture = [0, 0.5] as const;
const shapeTexture = [0, 0.5] as const;
const noise = [0.02, 0.1] as const;
const blur = [0, 0.25] as const;
const occluded = 0.4;
const hollow = 0.5;

const raster = new Raster(imageSize);
const canvas = new Float64Array(3 * pixels);
const blurred = new Float64Array(3 * pixels);

/** Draws a shape of the class `label` into `out`: imageSize * imageSize pixels of red, green, blue, row-major. */
export function draw(random: Random, label: number, out: Uint8Array): void {
  const ground = anyColour(random);
  const far = random.between(...contrast);
  fillAll(paintOf(random, ground, far * random.between(...groundTexture)));
  clutter(random, label, ground, far);
  shape(random, label, ground, far);
  light(random);
  soften(random.between(...blur));
  store(random, far * random.between(...noise), out);
}

/** Strokes along parts of the outlines of other classes, mostly away from the middle. */
function clutter(random: Random, label: number, ground: Colour, far: number): void {
  const count = 1 + random.below(2);
  for (let i = 0; i < count; i++) {
    const other = (label + 1 + random.below(outlines.length - 1)) % outlines.length;
    const away = random.direction();
    const by = random.between(8, 19);
    const radius = random.between(5, 12);
    const at = { x: 16 + away.x * by, y: 16 + away.y * by, radius };
    const outline = warped(random, outlines[other] as Outline, at);
    const count = outline.length / 2;
    const from = random.below(count);
    raster.stroke(outline, random.between(1, 2.6), from, from + Math.ceil(count * random.between(0.25, 0.5)));
    raster.finish();
    composite(paintOf(random, colourAt(random, ground, far * random.between(0.5, 1)), 0.1));
  }
}

function shape(random: Random, label: number, ground: Colour, far: number): void {
  const radius = random.between(9.5, 14.5);
  const room = 15.5 - radius;
  const at = { x: 16 + random.between(-room, room), y: 16 + random.between(-room, room), radius };
  const outline = warped(random, outlines[label] as Outline, at);
  if (random.chance(hollow)) raster.stroke(outline, random.between(1.5, 3.6));
  else raster.fill(outline);
  raster.finish();
  const colour = colourAt(random, ground, far);
  composite(paintOf(random, colour, far * random.between(...shapeTexture)));

  if (!random.chance(occluded)) return;
  // A bar over a part of the shape.
  const side = random.direction();
  const along = random.direction();
  const x = at.x + side.x * radius * random.between(0.3, 0.8);
  const y = at.y + side.y * radius * random.between(0.3, 0.8);
  const length = random.between(4, 12);
  const ends = [x - along.x * length, y - along.y * length, x + along.x * length, y + along.y * length];
  raster.stroke(Float64Array.from(ends), random.between(2, 5), 0, 1);
  raster.finish();
  composite(
    paintOf(random, colourAt(random, ground, far * random.between(0.3, 1.2)), random.between(0, 0.2)),
  );
}

function fillAll({ from, to, texture }: Paint): void {
  for (let i = 0; i < pixels; i++) {
    const t = texture((i % imageSize) + 0.5, Math.floor(i / imageSize) + 0.5);
    for (let c = 0; c < 3; c++) canvas[3 * i + c] = from[c]! + (to[c]! - from[c]!) * t;
  }
}

function composite({ from, to, texture }: Paint): void {
  for (let i = 0; i < pixels; i++) {
    const share = raster.coverage[i]!;
    if (share === 0) continue;
    const t = texture((i % imageSize) + 0.5, Math.floor(i / imageSize) + 0.5);
    for (let c = 0; c < 3; c++) {
      const colour = from[c]! + (to[c]! - from[c]!) * t;
      canvas[3 * i + c]! += (colour - canvas[3 * i + c]!) * share;
    }
  }
}

/** Light that falls off towards one side. */
function light(random: Random): void {
  const { x: dx, y: dy } = random.direction();
  const slope = random.between(0, 0.3) / imageSize;
  for (let i = 0; i < pixels; i++) {
    const gain = 1 + ((i % imageSize) - 16) * dx * slope + (Math.floor(i / imageSize) - 16) * dy * slope;
    for (let c = 0; c < 3; c++) canvas[3 * i + c]! *= gain;
  }
}

/** The filter [a, 1 - 2a, a] along rows and columns; pixels beyond the border are those on it. */
function soften(a: number): void {
  const row = 3 * imageSize;
  pass(canvas, blurred, 3, row, a);
  pass(blurred, canvas, row, 3 * pixels, a);
}

/** One direction: neighbours are `step` apart, and lines of them `line` long. */
function pass(from: Float64Array, to: Float64Array, step: number, line: number, a: number): void {
  for (let i = 0; i < from.length; i++) {
    const place = i % line;
    const before = place < step ? i : i - step;
    const after = place >= line - step ? i : i + step;
    to[i] = from[i]! + a * (from[before]! + from[after]! - 2 * from[i]!);
  }
}

/** Adds grey noise, nearly normal (four bytes of random bits, summed), and rounds to codes of 0 to 255. */
function store(random: Random, deviation: number, out: Uint8Array): void {
  // The sum of four uniform bytes has mean 510 and deviation sqrt(4 (256^2 - 1) / 12), about 147.8.
  const scale = (deviation * 255) / 147.8;
  for (let i = 0; i < canvas.length; i += 3) {
    const bits = random.bits();
    const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
    const added = (sum - 510) * scale + 0.5;
    for (let c = i; c < i + 3; c++) {
      const code = Math.floor(canvas[c]! * 255 + added);
      out[c] = Math.max(0, Math.min(255, code));
    }
  }
}
