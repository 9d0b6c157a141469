/**
 * Seeded random numbers, the same in every engine: integer arithmetic and IEEE doubles, no Math.log or Math.cos, whose
 * last bits ECMAScript leaves open.
 */
import { ArgumentError } from "@bitbudget/core";

/**
 * xoshiro128** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021): 128 bits of state, period
 * 2^128 - 1. A generator is named by a list of integers, so that each image of each split has one of its own.
 */
export class Random {
  readonly #state = new Uint32Array(4);

  /** @param key integers, of which the low 32 bits count. Keys that differ anywhere give unrelated streams. */
  constructor(...key: readonly number[]) {
    if (!key.every(Number.isSafeInteger)) throw new ArgumentError(`a key is made of integers, not [${key}]`);
    let mixed = key.length;
    for (const word of key) mixed = mix((Math.imul(mixed, 0x9e3779b1) + word) | 0);
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + 0x9e3779b9) | 0;
      this.#state[i] = mix(mixed);
    }
    // The one state that the generator never leaves.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** 32 random bits. */
  bits(): number {
    return xoshiro128(this.#state);
  }

  /** A number of [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * (this.bits() / 2 ** 32);
  }

  /** An integer of 0 to below `limit`, which is at most 2^32. */
  below(limit: number): number {
    return Math.floor((this.bits() / 2 ** 32) * limit);
  }

  chance(probability: number): boolean {
    return this.bits() / 2 ** 32 < probability;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new ArgumentError("nothing can be picked from an empty list");
    return list[this.below(list.length)] as T;
  }

  /** The list in a random order (Fisher and Yates). */
  shuffled<T>(list: readonly T[]): T[] {
    const order = [...list];
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j] as T, order[i] as T];
    }
    return order;
  }

  /** A point on the unit circle, uniformly, without trigonometry (von Neumann's rejection). */
  direction(): { x: number; y: number } {
    for (;;) {
      const x = this.between(-1, 1);
      const y = this.between(-1, 1);
      const square = x * x + y * y;
      if (square > 1 || square < 0.01) continue;
      const length = Math.sqrt(square);
      return { x: x / length, y: y / length };
    }
  }

  /** Nearly normal, mean 0 and deviation 1: the sum of twelve uniform numbers (Irwin and Hall), within -6 to 6. */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.bits() / 2 ** 32;
    return sum;
  }
}

/** Every bit of the result depends on every bit of the word (finalizer of Appleby's MurmurHash3). */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

/** One step of xoshiro128**: 32 random bits, and four words of state that are not all zero become the next. */
export function xoshiro128(s: Uint32Array): number {
  const s1 = s[1]!;
  const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0;
  s[2]! ^= s[0]!;
  s[3]! ^= s1;
  s[1] = s1 ^ s[2]!;
  s[0]! ^= s[3]!;
  s[2]! ^= s1 << 9;
  s[3] = rotate(s[3]!, 11);
  return result;
}
