/** Seeded numbers that look like activations and weights: normal, never denormal, the same in every run. */

const TABLE = 1 << 16;
let table: Float32Array | undefined;

/** Numbers from a normal distribution, by Box and Muller; drawn from a table, since models need many millions. */
function normals(): Float32Array {
  if (table !== undefined) return table;
  const uniform = mulberry32(0x5eed);
  table = new Float32Array(TABLE);
  for (let i = 0; i < TABLE; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    table[i] = radius * Math.cos(angle);
    table[i + 1] = radius * Math.sin(angle);
  }
  return table;
}

/** Uniform numbers of [0, 1) with 32 bits of state (Tommy Ettinger's mulberry32). */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A stream of random numbers. Two with one seed give the same. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  }

  /** 32 random bits (Marsaglia's xorshift32). */
  #next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** Normal numbers of a standard deviation around a mean. */
  normal(count: number, deviation = 1, mean = 0): Float32Array {
    const from = normals();
    const numbers = new Float32Array(count);
    for (let i = 0; i < count; i++) numbers[i] = from[this.#next() >>> 16]! * deviation + mean;
    return numbers;
  }

  /** Codes around `mean`, rounded, within low to high. */
  uint8(count: number, deviation = 40, mean = 128, low = 0, high = 255): Uint8Array {
    return Uint8Array.from(this.normal(count, deviation, mean), (x) => clampRound(x, low, high));
  }

  /** Codes around 0, rounded, within -127 to 127: those of symmetric weights. */
  int8(count: number, deviation = 40): Int8Array {
    return Int8Array.from(this.normal(count, deviation), (x) => clampRound(x, -127, 127));
  }

  /** Integers of 0 to below `limit`. */
  integers(count: number, limit: number): number[] {
    return Array.from({ length: count }, () => this.#next() % limit);
  }
}

function clampRound(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, Math.round(x)));
}
