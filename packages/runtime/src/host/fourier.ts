/** The discrete Fourier transform of any length: Cooley and Tukey (1965), one prime factor of the length after the other. */

/** Complex numbers. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export function complexZeros(length: number): Complex {
  return { re: new Float64Array(length), im: new Float64Array(length) };
}

/** X[k] = sum over n of x[n] exp(-2 pi i k n / N). The inverse has the other sign, and divides by N. */
export function transform(x: Complex, inverse = false): Complex {
  const { length } = x.re;
  const roots = complexZeros(length);
  for (let k = 0; k < length; k++) {
    const angle = ((inverse ? 2 : -2) * Math.PI * k) / length;
    roots.re[k] = Math.cos(angle);
    roots.im[k] = Math.sin(angle);
  }
  const out = complexZeros(length);
  if (length > 0) recurse(x, 0, 1, length, out, 0, roots);
  if (inverse)
    for (let k = 0; k < length; k++) {
      out.re[k]! /= length;
      out.im[k]! /= length;
    }
  return out;
}

/** Transforms the `length` elements of x from `from` on, `step` apart, into `out` from `to` on. */
function recurse(
  x: Complex,
  from: number,
  step: number,
  length: number,
  out: Complex,
  to: number,
  roots: Complex,
): void {
  if (length === 1) {
    out.re[to] = x.re[from]!;
    out.im[to] = x.im[from]!;
    return;
  }
  const radix = smallestFactor(length);
  const part = length / radix;
  for (let r = 0; r < radix; r++) recurse(x, from + r * step, step * radix, part, out, to + r * part, roots);
  const [re, im] = [new Float64Array(radix), new Float64Array(radix)];
  const total = roots.re.length;
  const stride = total / length;
  for (let k = 0; k < part; k++) {
    for (let r = 0; r < radix; r++) {
      re[r] = out.re[to + r * part + k]!;
      im[r] = out.im[to + r * part + k]!;
    }
    for (let q = 0; q < radix; q++) {
      let [sumRe, sumIm] = [0, 0];
      for (let r = 0; r < radix; r++) {
        const root = (r * (k + q * part) * stride) % total;
        const [c, s] = [roots.re[root]!, roots.im[root]!];
        sumRe += re[r]! * c - im[r]! * s;
        sumIm += re[r]! * s + im[r]! * c;
      }
      out.re[to + q * part + k] = sumRe;
      out.im[to + q * part + k] = sumIm;
    }
  }
}

function smallestFactor(n: number): number {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return factor;
  return n;
}
