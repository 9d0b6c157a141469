/** Seeded random numbers, the same in every engine: integers and exact divisions alone. */

/** sfc32 of PractRand (Doty-Humphrey 2018): 128 bits of state, of which 32 count, so that no seed has a short period. */
export class Random {
  readonly #state: Uint32Array;

  /** @param seeds integers, of which the low 32 bits count */
  constructor(...seeds: readonly number[]) {
    this.#state = Uint32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 1);
    for (const seed of seeds) {
      this.#state[0]! ^= seed | 0;
      for (let i = 0; i < 16; i++) this.bits();
    }
  }

  /** 32 random bits. */
  bits(): number {
    const s = this.#state;
    const sum = (s[0]! + s[1]! + s[3]!) >>> 0;
    s[3]! += 1;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = s[2]! + (s[2]! << 3);
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + sum;
    return sum;
  }

  /** At least 0 and less than 1, in steps of 2^-32. */
  next(): number {
    return this.bits() / 2 ** 32;
  }

  /** An integer of 0 to below `limit`, which is at most 2^32. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** An index, each with a probability in proportion to its weight; weights are not negative, and one is above 0. */
  weighted(weights: readonly number[]): number {
    let left = this.next() * weights.reduce((sum, weight) => sum + weight, 0);
    let last = 0;
    for (const [i, weight] of weights.entries()) {
      if (weight <= 0) continue;
      last = i;
      left -= weight;
      if (left < 0) break;
    }
    return last;
  }

  /** Numbers of at least 0 whose sum is 1, all such lists being equally probable: the gaps between sorted numbers. */
  simplex(length: number): number[] {
    const cuts = Array.from({ length: length - 1 }, () => this.next()).sort((a, b) => a - b);
    return Array.from({ length }, (_, i) => (cuts[i] ?? 1) - (cuts[i - 1] ?? 0));
  }
}
