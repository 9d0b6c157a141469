/** Seeded random numbers, so that a test fails or passes everywhere alike. */

/** Uniform numbers in (0, 1): mulberry32. */
export function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32 + 2 ** -33;
  };
}

/** Normally distributed float32s. */
export function normal(length: number, seed: number, mean = 0, deviation = 1): Float32Array {
  const next = uniform(seed);
  return new Float32Array(length).map(
    () => mean + deviation * Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()),
  );
}
