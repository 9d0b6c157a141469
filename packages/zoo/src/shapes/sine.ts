/**
 * A sine of our own. ECMAScript lets engines differ in the last bits of Math.sin, and a pixel on the edge between two
 * codes would show it; sums, products, quotients and square roots are IEEE 754 and the same everywhere.
 */

/** Sine of an angle in turns (1 is a whole circle), to about 1e-9: Taylor's polynomial of a quarter turn. */
export function sine(turns: number): number {
  let t = turns - Math.floor(turns + 0.5);
  if (t > 0.25) t = 0.5 - t;
  else if (t < -0.25) t = -0.5 - t;
  const x = t * 6.283185307179586;
  const s = x * x;
  let sum = 1;
  for (let n = 15; n >= 3; n -= 2) sum = 1 - (s / (n * (n - 1))) * sum;
  return x * sum;
}
