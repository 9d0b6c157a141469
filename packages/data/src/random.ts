/** Orders that follow from a seed, the same on every platform. */

/**
 * 0 to length - 1 in an order that follows from the seeds alone: Fisher and Yates with mulberry32 (Ettinger 2017), whose
 * state begins as a hash of the seeds.
 */
export function permutation(length: number, ...seeds: readonly number[]): Int32Array {
  const random = randomNumbers(seeds);
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Numbers of at least 0 and less than 1, in steps of 2^-32. */
function randomNumbers(seeds: readonly number[]): () => number {
  let state = seeds.reduce((hash, seed) => mix(Math.imul(hash, 31) + (seed | 0)), 0x9e3779b9);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The finalizer of MurmurHash3: neighbouring seeds have nothing in common. */
function mix(x: number): number {
  let hash = x ^ (x >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
