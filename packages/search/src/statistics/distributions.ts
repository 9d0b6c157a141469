/** Quantiles of the normal distribution and of Student's. */
import { SearchError } from "../errors.ts";

/** Area under the standard normal curve up to z (Marsaglia, "Evaluating the normal distribution", 2004). */
export function normalCdf(z: number): number {
  if (Math.abs(z) > 8) return z < 0 ? 0 : 1;
  let sum = z;
  let term = z;
  for (let i = 3; Math.abs(term) > 1e-17 * Math.abs(sum); i += 2) {
    term *= (z * z) / i;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Area under Student's curve up to t (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4). @param freedom a positive integer */
export function studentCdf(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const cosine2 = freedom / (freedom + t * t);
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? Math.sqrt(cosine2) : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let i = isOdd ? 3 : 2; i < freedom; i += 2) {
    term *= (cosine2 * (i - 1)) / i;
    sum += term;
  }
  const inside = isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return 0.5 + inside / 2;
}

/** The z up to which a part of the standard normal distribution lies. @param p above 0, below 1 */
export function normalQuantile(p: number): number {
  return quantile(normalCdf, p);
}

/** The t up to which a part of Student's distribution lies. @param p above 0, below 1 */
export function studentQuantile(p: number, freedom: number): number {
  if (!(Number.isInteger(freedom) && freedom > 0))
    throw new SearchError(`${freedom} are no degrees of freedom; at least two values are needed`);
  if (freedom > 1000) {
    // The first terms of its expansion about the normal quantile (26.7.5), right to eight digits here.
    const z = normalQuantile(p);
    return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
  }
  return quantile((t) => studentCdf(t, freedom), p);
}

/** Inverts a distribution function that is symmetric about 0 and increases, by bisection. */
function quantile(cdf: (x: number) => number, p: number): number {
  if (!(p > 0 && p < 1)) throw new SearchError(`${p} is no probability between 0 and 1`);
  if (p < 0.5) return -quantile(cdf, 1 - p);
  let [low, high] = [0, 1];
  while (cdf(high) < p && high < 2 ** 40) high *= 2;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (cdf(middle) < p) low = middle;
    else high = middle;
  }
}
