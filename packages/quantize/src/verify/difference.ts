/** How far two runs are apart, and how far they may be. */
import { dtypes, type HostTensor, valuesOf } from "@bitbudget/core";

/**
 * How far two runners may be apart where they are given the same inputs. They round float sums in different orders; where such a
 * sum falls on the edge between two codes, the codes differ by one.
 */
export interface Tolerance {
  /** Integers of up to 16 bits: how far apart codes may be. Wider ones are exact. Default 1. */
  readonly codes: number;
  /** Floats: how far apart elements may be, as a part of the largest magnitude in the tensor. Default 1e-4. */
  readonly relative: number;
  /** Floats that follow from codes: as `relative`, for a `share` of the elements: one of 255 steps, and what is lost on the way. Default 1/64. */
  readonly step: number;
  /** Part of the elements that may be one step apart: at least one element may. Default 0.02. */
  readonly share: number;
}

export const defaultTolerance: Tolerance = { codes: 1, relative: 1e-4, step: 1 / 64, share: 0.02 };

export interface Difference {
  readonly elements: number;
  /** Largest and mean |a - b|. */
  readonly maxAbs: number;
  readonly meanAbs: number;
  /** Part of the elements that are not the same. */
  readonly unequal: number;
  /** 10 log10(sum of b^2 / sum of (a - b)^2); Infinity where they are the same. */
  readonly sqnrDb: number;
}

/** Sums up the differences of tensors of one name over batches. */
export class DifferenceSums {
  #elements = 0;
  #unequal = 0;
  #maxAbs = 0;
  #sumAbs = 0;
  #signal = 0;
  #noise = 0;

  /** @param b what is right */
  add(a: ArrayLike<number>, b: ArrayLike<number>): void {
    for (let i = 0; i < b.length; i++) {
      const [x, y] = [a[i]!, b[i]!];
      this.#signal += Number.isFinite(y) ? y * y : 0;
      if (isSame(x, y)) continue;
      const distance = Math.abs(x - y);
      this.#unequal++;
      this.#maxAbs = Number.isNaN(distance) ? Infinity : Math.max(this.#maxAbs, distance);
      this.#sumAbs += distance;
      this.#noise += distance * distance;
    }
    this.#elements += b.length;
  }

  result(): Difference {
    const elements = this.#elements;
    return {
      elements,
      maxAbs: this.#maxAbs,
      meanAbs: elements === 0 ? 0 : this.#sumAbs / elements,
      unequal: elements === 0 ? 0 : this.#unequal / elements,
      sqnrDb: this.#noise === 0 ? Infinity : 10 * Math.log10(this.#signal / this.#noise),
    };
  }
}

export function differenceOf(a: HostTensor, b: HostTensor): Difference {
  const sums = new DifferenceSums();
  sums.add(valuesOf(a), valuesOf(b));
  return sums.result();
}

/** What is beyond the tolerance, in words; undefined where nothing is. @param b what is right */
export function beyond(a: HostTensor | undefined, b: HostTensor, tolerance: Tolerance): string | undefined {
  if (a === undefined) return "is missing";
  if (a.dtype !== b.dtype) return `is ${a.dtype} instead of ${b.dtype}`;
  if (a.shape.join() !== b.shape.join()) return `has the shape [${a.shape}] instead of [${b.shape}]`;
  const info = dtypes[b.dtype];
  const [x, y] = [valuesOf(a), valuesOf(b)];
  if (info.kind !== "float")
    return beyondCodes(x, y, info.bits > 16 ? { ...tolerance, codes: 0 } : tolerance);
  return beyondFloats(x, y, { ...tolerance, relative: Math.max(tolerance.relative, 2 * info.epsilon) });
}

function beyondCodes(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { codes, share }: Tolerance,
): string | undefined {
  const { count, furthest } = apart(x, y, 0);
  const allowed = Math.max(1, Math.floor(share * y.length));
  if (Math.abs(x[furthest]! - y[furthest]!) > codes)
    return `is ${x[furthest]} at ${furthest} instead of ${y[furthest]}`;
  return count > allowed ? `has ${count} of ${y.length} codes that are not the same` : undefined;
}

function beyondFloats(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { relative, step, share }: Tolerance,
): string | undefined {
  let top = 0;
  for (let i = 0; i < y.length; i++) if (Number.isFinite(y[i])) top = Math.max(top, Math.abs(y[i]!));
  const { count, furthest } = apart(x, y, relative * top);
  if (count === 0) return undefined;
  const allowed = Math.max(1, Math.floor(share * y.length));
  if (!(Math.abs(x[furthest]! - y[furthest]!) <= step * top))
    return `is ${x[furthest]} at ${furthest} instead of ${y[furthest]}, in a tensor of up to ${top}`;
  return count > allowed
    ? `has ${count} of ${y.length} elements that are more than ${relative * top} apart`
    : undefined;
}

/** How many elements are further apart than a limit, and which are furthest apart. */
function apart(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  limit: number,
): { count: number; furthest: number } {
  let [count, furthest, most] = [0, 0, 0];
  for (let i = 0; i < y.length; i++) {
    if (isSame(x[i]!, y[i]!)) continue;
    const distance = Math.abs(x[i]! - y[i]!);
    if (distance <= limit) continue;
    count++;
    if (most < distance || Number.isNaN(distance))
      [furthest, most] = [i, Number.isNaN(distance) ? Infinity : distance];
  }
  return { count, furthest };
}

function isSame(x: number, y: number): boolean {
  return x === y || (Number.isNaN(x) && Number.isNaN(y));
}
