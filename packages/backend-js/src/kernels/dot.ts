/** The loop in which linear, conv2d and matmul spend their time. */

/** Numbers that are multiplied: exact for every format but float64, which takes the wider array. */
export type Factors = Float32Array | Float64Array;

/**
 * Sum of `length` products. Products of codes, less their zero points, are integers of at most 18 bits, so that a
 * float64 sum of them is exact; `| 0` then wraps it as an int32 sum wraps.
 */
export function dot(x: Float64Array, xStart: number, w: Factors, wStart: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += x[xStart + i]! * w[wStart + i]!;
  return sum;
}
