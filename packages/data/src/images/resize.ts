/**
 * Resizing, the same to the bit on every platform: PIL's algorithm (Pillow, `Resample.c`), with which most models were
 * trained. Two passes, rows first, each with weights in 22-bit fixed point and rounded to bytes.
 */
import type { Image } from "./image.ts";

export type Filter = "nearest" | "bilinear" | "bicubic";

interface Kernel {
  readonly support: number;
  at(x: number): number;
}

const kernels: Record<Exclude<Filter, "nearest">, Kernel> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: (x) => cubic(Math.abs(x)) },
};

/** Keys (1981) with a = -1/2. */
function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

const PRECISION = 22;

/**
 * @param antialias whether shrinking averages all pixels that a new one covers, as PIL does; without, the kernel looks at the 2
 * or 4 nearest pixels alone, as OpenCV and `tf.image.resize` do
 */
export function resize(
  image: Image,
  width: number,
  height: number,
  filter: Filter,
  antialias: boolean,
): Image {
  if (filter === "nearest") return nearest(image, width, height);
  const kernel = kernels[filter];
  const wide = image.width === width ? image : resizeRows(image, taps(image.width, width, kernel, antialias));
  return wide.height === height ? wide : resizeColumns(wide, taps(wide.height, height, kernel, antialias));
}

/** For each new position: where its old ones begin, how many they are, and their weights. */
interface Taps {
  readonly count: number;
  readonly first: Int32Array;
  readonly lengths: Int32Array;
  /** [count, stride] */
  readonly weights: Int32Array;
  readonly stride: number;
}

function taps(from: number, to: number, { support, at }: Kernel, antialias: boolean): Taps {
  const scale = from / to;
  const spread = antialias ? Math.max(scale, 1) : 1;
  const reach = support * spread;
  const stride = Math.ceil(reach) * 2 + 1;
  const [first, lengths] = [new Int32Array(to), new Int32Array(to)];
  const weights = new Int32Array(to * stride);
  const values = new Float64Array(stride);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - reach + 0.5));
    const length = Math.min(from, Math.trunc(center + reach + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < length; k++) {
      values[k] = at((k + start - center + 0.5) / spread);
      sum += values[k]!;
    }
    for (let k = 0; k < length; k++) {
      const weight = (values[k]! / sum) * 2 ** PRECISION;
      weights[i * stride + k] = Math.trunc(weight + Math.sign(weight) * 0.5);
    }
    first[i] = start;
    lengths[i] = length;
  }
  return { count: to, first, lengths, weights, stride };
}

function resizeRows(
  { width, height, channels, data }: Image,
  { count, first, lengths, weights, stride }: Taps,
): Image {
  const out = new Uint8Array(count * height * channels);
  let at = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < count; x++) {
      const start = (y * width + first[x]!) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 1 << (PRECISION - 1);
        for (let k = 0; k < lengths[x]!; k++)
          sum += data[start + k * channels + c]! * weights[x * stride + k]!;
        out[at++] = toByte(sum);
      }
    }
  return { width: count, height, channels, data: out };
}

function resizeColumns(
  { width, channels, data }: Image,
  { count, first, lengths, weights, stride }: Taps,
): Image {
  const row = width * channels;
  const out = new Uint8Array(count * row);
  const sums = new Int32Array(row);
  for (let y = 0; y < count; y++) {
    sums.fill(1 << (PRECISION - 1));
    for (let k = 0; k < lengths[y]!; k++) {
      const weight = weights[y * stride + k]!;
      const start = (first[y]! + k) * row;
      for (let i = 0; i < row; i++) sums[i] = sums[i]! + data[start + i]! * weight;
    }
    for (let i = 0; i < row; i++) out[y * row + i] = toByte(sums[i]!);
  }
  return { width, height: count, channels, data: out };
}

function toByte(sum: number): number {
  return Math.max(0, Math.min(255, sum >> PRECISION));
}

function nearest({ width, height, channels, data }: Image, toWidth: number, toHeight: number): Image {
  const [columns, rows] = [nearestTo(width, toWidth), nearestTo(height, toHeight)];
  const out = new Uint8Array(toWidth * toHeight * channels);
  let at = 0;
  for (const y of rows)
    for (const x of columns) {
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) out[at++] = data[from + c]!;
    }
  return { width: toWidth, height: toHeight, channels, data: out };
}

/** Where the centers of new pixels lie: added up as PIL does (`Geometry.c`), so that ties fall as there. */
function nearestTo(from: number, to: number): Int32Array {
  const step = from / to;
  let center = step * 0.5;
  return Int32Array.from({ length: to }, () => {
    const position = Math.min(from - 1, Math.trunc(center));
    center += step;
    return position;
  });
}
