/** What second-order rounding needs of symmetric matrices, row-major, in float64: Cholesky's factor and its inverse. */
import { QuantizeError } from "../errors.ts";

/** A matrix that has no Cholesky factor. */
export class NotPositiveDefiniteError extends QuantizeError {
  override readonly code = "NOT_POSITIVE_DEFINITE";
  /** Row at which the factorization ends. */
  readonly row: number;
  constructor(row: number) {
    super(
      `the matrix is not positive definite (row ${row}); add to its diagonal, or use more samples than it has rows`,
    );
    this.row = row;
  }
}

/**
 * Replaces a symmetric matrix by the lower triangular L with L L^T = A, and zeros above it. Reads the lower triangle.
 * @throws NotPositiveDefiniteError; `a` then holds part of the result
 */
export function cholesky(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0, x = i * n, y = j * n; k < j; k++) sum -= a[x + k]! * a[y + k]!;
      if (j < i) a[i * n + j] = sum / a[j * n + j]!;
      else if (sum > 0 && sum < Number.POSITIVE_INFINITY) a[i * n + i] = Math.sqrt(sum);
      else throw new NotPositiveDefiniteError(i);
    }
    a.fill(0, i * n + i + 1, (i + 1) * n);
  }
}

/** Replaces a lower triangular matrix by its inverse. */
export function invertLower(l: Float64Array, n: number): void {
  const row = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const scale = 1 / l[i * n + i]!;
    row.set(l.subarray(i * n, i * n + i));
    l.fill(0, i * n, i * n + i);
    // Row i of the inverse is the sum of the rows above, which are inverted already.
    for (let k = 0; k < i; k++) {
      const factor = -row[k]! * scale;
      if (factor !== 0) for (let j = 0, x = i * n, y = k * n; j <= k; j++) l[x + j]! += factor * l[y + j]!;
    }
    l[i * n + i] = scale;
  }
}

/**
 * The upper triangular U with U^T U = inverse of A, for a symmetric A. With the order of rows and columns reversed,
 * A = L L^T, and U is the inverse of L, reversed again: no inverse of A is ever formed.
 * @throws NotPositiveDefiniteError
 */
export function inverseFactor(a: Float64Array, n: number): Float64Array {
  const reversed = a.slice(0, n * n).reverse();
  cholesky(reversed, n);
  invertLower(reversed, n);
  return reversed.reverse();
}

/** y = A x for a symmetric matrix. */
export function multiply(a: Float64Array, n: number, x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0, at = i * n; j < n; j++) sum += a[at + j]! * x[j]!;
    y[i] = sum;
  }
}
