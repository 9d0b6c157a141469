import { describe, expect, test } from "vitest";
import { NotPositiveDefiniteError } from "../../src/index.ts";
import { cholesky, inverseFactor, invertLower, multiply } from "../../src/rounding/linear-algebra.ts";
import { gramOfInputs, relatedInputs } from "./support.ts";

test("Cholesky's factor of a matrix by hand", () => {
  // [[4, 2], [2, 5]] = [[2, 0], [1, 2]] [[2, 1], [0, 2]]
  const a = Float64Array.of(4, 2, 2, 5);
  cholesky(a, 2);
  expect([...a]).toEqual([2, 0, 1, 2]);
  invertLower(a, 2);
  expect([...a]).toEqual([0.5, 0, -0.25, 0.5]);
});

test("the factor of the inverse by hand", () => {
  // The inverse of [[4, 2], [2, 5]] is [[5, -2], [-2, 4]] / 16, and U^T U of [[a, b], [0, c]] is [[aa, ab], [ab, bb + cc]].
  const [a = 0, b = 0, zero, c = 0] = inverseFactor(Float64Array.of(4, 2, 2, 5), 2);
  expect(a * a).toBeCloseTo(5 / 16, 12);
  expect(a * b).toBeCloseTo(-2 / 16, 12);
  expect(b * b + c * c).toBeCloseTo(4 / 16, 12);
  expect(zero).toBe(0);
});

describe.each([1, 2, 5, 23])("of size %d", (n) => {
  const { values: a } = gramOfInputs(relatedInputs(3 * n + 5, n, n), n);

  test("L L^T is the matrix, L times its inverse is 1", () => {
    const l = a.slice();
    cholesky(l, n);
    const inverse = l.slice();
    invertLower(inverse, n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        let [product, one] = [0, 0];
        for (let k = 0; k < n; k++) {
          product += l[i * n + k]! * l[j * n + k]!;
          one += l[i * n + k]! * inverse[k * n + j]!;
        }
        expect(product).toBeCloseTo(a[i * n + j]!, 10);
        expect(one).toBeCloseTo(Number(i === j), 8);
      }
  });

  test("U^T U A is 1, and U is upper triangular", () => {
    const u = inverseFactor(a, n);
    const column = new Float64Array(n);
    const half = new Float64Array(n);
    const product = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      column.set(a.subarray(j * n, (j + 1) * n));
      for (let i = 0; i < n; i++) {
        half[i] = column.reduce((sum, x, k) => sum + u[i * n + k]! * x, 0);
        if (i > j) expect(u[i * n + j]).toBe(0);
      }
      for (let i = 0; i < n; i++) {
        product[i] = half.reduce((sum, x, k) => sum + u[k * n + i]! * x, 0);
        expect(product[i]).toBeCloseTo(Number(i === j), 7);
      }
    }
  });
});

test("a product by hand", () => {
  const y = new Float64Array(2);
  multiply(Float64Array.of(1, 2, 2, 3), 2, Float64Array.of(4, 5), y);
  expect([...y]).toEqual([14, 23]);
});

test("a matrix that is not positive definite is an error that names the row", () => {
  const error = (() => {
    try {
      return cholesky(Float64Array.of(1, 2, 2, 1), 2);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(NotPositiveDefiniteError);
  expect(error).toMatchObject({ row: 1, code: "NOT_POSITIVE_DEFINITE" });
  expect(() => cholesky(Float64Array.of(Number.NaN), 1)).toThrow(NotPositiveDefiniteError);
});
