/** Determinants of square matrices, by LU factorization with partial pivoting. */

/** @param matrices row-major, `size` x `size` each, one after the other */
export function determinants(matrices: ArrayLike<number>, size: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const start = i * size * size;
    return determinant(
      Array.from({ length: size }, (_, row) =>
        Float64Array.from({ length: size }, (_, column) => matrices[start + row * size + column]!),
      ),
    );
  });
}

function determinant(rows: Float64Array[]): number {
  let product = 1;
  for (let k = 0; k < rows.length; k++) {
    let pivot = k;
    for (let i = k + 1; i < rows.length; i++)
      if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    const [upper, lower] = [rows[pivot]!, rows[k]!];
    if (upper[k] === 0) return 0;
    if (pivot !== k) product = -product;
    [rows[k], rows[pivot]] = [upper, lower];
    product *= upper[k]!;
    for (const row of rows.slice(k + 1)) {
      const factor = row[k]! / upper[k]!;
      for (let j = k; j < rows.length; j++) row[j]! -= factor * upper[j]!;
    }
  }
  return product;
}
