/**
 * The error function and its complement, to the accuracy of a double: rational approximations of W. J. Cody, "Rational
 * Chebyshev approximations for the error function", Mathematics of Computation 23 (1969), one for each of three ranges.
 */

/** Coefficients of numerator and denominator, the highest power first. */
interface Rational {
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
}

/** erf(x) / x, in x^2, for |x| up to 0.46875. */
const small: Rational = {
  numerator: [
    0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694,
  ],
  denominator: [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171],
};

/** erfc(x) * exp(x^2), in x, up to 4. */
const middle: Rational = {
  numerator: [
    2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
    881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
  ],
  denominator: [
    1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
    4362.619090143247, 3439.3676741437216, 1230.3393548037495,
  ],
};

/** (1 / sqrt(pi) - erfc(x) * exp(x^2) * x) * x^2, in 1 / x^2, beyond 4. */
const large: Rational = {
  numerator: [
    0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
    0.0006587491615298378,
  ],
  denominator: [
    1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
  ],
};

const SQRT_1_PI = 0.5641895835477563;

/** Error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude <= 0.46875) return x * quotient(small, x * x);
  return Math.sign(x) * (1 - tail(magnitude));
}

/** 1 - erf(x), without the cancellation that the difference suffers for large x. */
export function erfc(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude <= 0.46875) return 1 - erf(x);
  return x < 0 ? 2 - tail(magnitude) : tail(magnitude);
}

/** erfc of numbers above 0.46875. */
function tail(x: number): number {
  if (x > 30) return 0;
  if (x <= 4) return gauss(x) * quotient(middle, x);
  const inverse = 1 / (x * x);
  return (gauss(x) * (SQRT_1_PI - inverse * quotient(large, inverse))) / x;
}

/** exp(-x^2). The square is taken of a head of few bits, exactly, so that its rounding error is not magnified. */
function gauss(x: number): number {
  const head = Math.trunc(x * 16) / 16;
  return Math.exp(-head * head) * Math.exp(-(x - head) * (x + head));
}

function quotient({ numerator, denominator }: Rational, x: number): number {
  return polynomial(numerator, x) / polynomial(denominator, x);
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}
