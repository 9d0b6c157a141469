/**
 * AdaRound (Nagel et al. 2020): whether each weight goes down or up is learned, by gradient descent on a soft choice between
 * both that is driven to one of them in the end. The loss is the error of the layer's output, as its Gram matrix has it: the
 * gradient is 2 e G for the error e of a row, without any data.
 */
import type { LayerGram } from "../calibration/statistics.ts";
import { QuantizeError } from "../errors.ts";
import { type Grid, nearestRank, numberOf, type Rounded } from "./grid.ts";
import { checkGram, gramOf } from "./loss.ts";
import type { WeightMatrix } from "./matrix.ts";

export interface AdaroundOptions {
  /** Steps of Adam. Default 2000. */
  readonly steps?: number;
  /** Default 0.01. */
  readonly learningRate?: number;
  /** What an undecided weight costs, in units of the mean error that rounding at random gives a weight. Default 3. */
  readonly regularizer?: number;
}

/** A soft choice reaches a little beyond 0 and 1, so that it can get there (Louizos et al. 2018): equation 23 of the paper. */
export const STRETCH = { zeta: 1.1, gamma: -0.1 } as const;

/** How sharply the regularizer asks for a decision falls from 20 to 2, after a fifth of the steps without it. */
export function sharpness(step: number, steps: number): number | undefined {
  const part = step / steps;
  return part < 0.2 ? undefined : 2 + 18 * (1 - (part - 0.2) / 0.8);
}

/**
 * The rank below a weight, and how far it is from there to the next one, 0 to 1. A weight beyond its grid may still come back
 * from the end, to the number beside it.
 */
export function between(
  grid: Grid,
  group: number,
  x: number,
): { readonly low: number; readonly part: number } {
  const rank = nearestRank(grid, group, x);
  const low = Math.min(Math.max(numberOf(grid, group, rank) > x ? rank - 1 : rank, 0), grid.count - 2);
  const [below, above] = [numberOf(grid, group, low), numberOf(grid, group, low + 1)];
  const part = above > below ? (x - below) / (above - below) : 0;
  return { low, part: Math.min(Math.max(part, 0), 1) };
}

/** The variable whose stretched sigmoid is `part`; near the ends not beyond what can still be learned. */
export function logitOf(part: number): number {
  const { zeta, gamma } = STRETCH;
  const p = (Math.min(Math.max(part, 0.01), 0.99) - gamma) / (zeta - gamma);
  return Math.log(p / (1 - p));
}

/**
 * Rounds each weight down or up so that the outputs of its layer change little.
 * @throws QuantizeError for a Gram matrix of other inputs, or steps that are no positive integer
 */
export function adaround(
  grid: Grid,
  weight: Float32Array,
  matrix: WeightMatrix,
  gram: LayerGram,
  options: AdaroundOptions = {},
): Rounded {
  checkGram(matrix, gram);
  const { steps = 2000 } = options;
  if (!(Number.isInteger(steps) && steps > 0))
    throw new QuantizeError(`steps must be a positive integer, not ${steps}`);
  const { rows, groups } = matrix;
  const ranks = new Uint16Array(weight.length);
  for (let row = 0, end = 0; row < rows; row = end) {
    const group = Math.floor((row * groups) / rows);
    // Rows of one tile see the same inputs.
    end = Math.min(row + TILE, ((group + 1) * rows) / groups);
    learn(grid, weight, matrix, gramOf(gram, group), ranks, row, end, { ...options, steps });
  }
  return { grid, ranks };
}

/** Rows that are learned together, so that the Gram matrix is read once for all of them. */
const TILE = 4;

function learn(
  grid: Grid,
  weight: Float32Array,
  { size, rowStride, termStride }: WeightMatrix,
  gram: Float64Array,
  ranks: Uint16Array,
  from: number,
  to: number,
  { steps, learningRate = 0.01, regularizer = 3 }: AdaroundOptions & { readonly steps: number },
): void {
  const length = (to - from) * size;
  const [error, product, logits, first, second] = Array.from({ length: 5 }, () => new Float64Array(length));
  const [lows, spans, starts] = [new Uint16Array(length), new Float64Array(length), new Float64Array(length)];
  // What rounding at random costs a weight, by itself: the unit of the loss.
  let unit = 0;
  for (let i = 0; i < length; i++) {
    const at = place(i);
    const group = grid.groupOf[at]!;
    const { low, part } = between(grid, group, weight[at]!);
    const below = numberOf(grid, group, low);
    lows[i] = low;
    spans[i] = numberOf(grid, group, low + 1) - below;
    starts[i] = below - weight[at]!;
    logits![i] = logitOf(part);
    unit += (spans[i]! ** 2 * gram[(i % size) * (size + 1)]!) / 12 / length;
  }
  const scale = unit > 0 ? 1 / unit : 0;
  const { zeta, gamma } = STRETCH;
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < length; i++) error![i] = starts[i]! + spans[i]! * soft(logits![i]!);
    multiplyRows(gram, size, error!, product!, to - from);
    const beta = sharpness(step, steps);
    const rate = (learningRate * Math.sqrt(1 - 0.999 ** (step + 1))) / (1 - 0.9 ** (step + 1));
    for (let i = 0; i < length; i++) {
      const sigmoid = 1 / (1 + Math.exp(-logits![i]!));
      const h = sigmoid * (zeta - gamma) + gamma;
      if (!(h > 0 && h < 1)) continue;
      let slope = 2 * product![i]! * spans[i]! * scale;
      if (beta !== undefined) {
        const x = 2 * h - 1;
        slope -= regularizer * 2 * beta * Math.sign(x) * Math.abs(x) ** (beta - 1);
      }
      const gradient = slope * (zeta - gamma) * sigmoid * (1 - sigmoid);
      first![i] = 0.9 * first![i]! + 0.1 * gradient;
      second![i] = 0.999 * second![i]! + 0.001 * gradient * gradient;
      logits![i]! -= (rate * first![i]!) / (Math.sqrt(second![i]!) + 1e-12);
    }
  }
  for (let i = 0; i < length; i++) ranks[place(i)] = lows[i]! + Number(soft(logits![i]!) >= 0.5);

  function place(i: number): number {
    return (from + Math.floor(i / size)) * rowStride + (i % size) * termStride;
  }
}

function soft(logit: number): number {
  const { zeta, gamma } = STRETCH;
  return Math.min(Math.max((zeta - gamma) / (1 + Math.exp(-logit)) + gamma, 0), 1);
}

/** The products of a symmetric matrix with up to four rows. */
function multiplyRows(a: Float64Array, n: number, x: Float64Array, y: Float64Array, rows: number): void {
  if (rows < TILE) {
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let j = 0, at = i * n, from = row * n; j < n; j++) sum += a[at + j]! * x[from + j]!;
        y[row * n + i] = sum;
      }
    return;
  }
  for (let i = 0; i < n; i++) {
    let [s, t, u, v] = [0, 0, 0, 0];
    for (let j = 0, at = i * n; j < n; j++) {
      const factor = a[at + j]!;
      s += factor * x[j]!;
      t += factor * x[n + j]!;
      u += factor * x[2 * n + j]!;
      v += factor * x[3 * n + j]!;
    }
    y[i] = s;
    y[n + i] = t;
    y[2 * n + i] = u;
    y[3 * n + i] = v;
  }
}
