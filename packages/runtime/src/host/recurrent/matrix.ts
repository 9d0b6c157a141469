/** Matrices that recurrent cells multiply vectors with: of floats, or of codes with the vectors quantized on the way. */
import { roundHalfEven } from "@bitbudget/core";

export interface Matrix {
  readonly rows: number;
  readonly depth: number;
  /**
   * out[i, r] += sum over k of x[i, k] * w[r, k], for `count` vectors that stand one after the other.
   * @param x [count, depth]
   * @param out [count, rows]
   */
  multiply(x: Float64Array, count: number, out: Float64Array): void;
}

/** @param weights [rows, depth] */
export function denseMatrix(weights: Float64Array, rows: number, depth: number): Matrix {
  return {
    rows,
    depth,
    multiply(x, count, out) {
      for (let i = 0; i < count; i++)
        multiplyRow(weights, rows, depth, x.subarray(i * depth, (i + 1) * depth), out, i * rows);
    },
  };
}

/** Four rows at a time: four sums that do not wait for each other, and each element of x is read once for all. */
function multiplyRow(
  weights: Float64Array,
  rows: number,
  depth: number,
  x: Float64Array,
  out: Float64Array,
  at: number,
): void {
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const first = row * depth;
    const second = first + depth;
    const third = second + depth;
    const fourth = third + depth;
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let k = 0; k < depth; k++) {
      const value = x[k]!;
      a += value * weights[first + k]!;
      b += value * weights[second + k]!;
      c += value * weights[third + k]!;
      d += value * weights[fourth + k]!;
    }
    out[at + row]! += a;
    out[at + row + 1]! += b;
    out[at + row + 2]! += c;
    out[at + row + 3]! += d;
  }
  for (; row < rows; row++) {
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += x[k]! * weights[row * depth + k]!;
    out[at + row]! += sum;
  }
}

/** Codes with their zero points taken off, and the scale of each row. */
export interface QuantizedWeights {
  /** Codes minus zero points, [rows, depth]. */
  readonly codes: Float64Array;
  /** [rows] */
  readonly scales: Float32Array;
}

/**
 * Quantizes the vectors of each call together, as ONNX DynamicQuantizeLinear does, and sums codes exactly
 * (docs/numerics.md, "dynamic"; com.microsoft DynamicQuantizeLSTM).
 */
export function quantizedMatrix({ codes, scales }: QuantizedWeights, rows: number, depth: number): Matrix {
  return {
    rows,
    depth,
    multiply(x, count, out) {
      const vectors = x.subarray(0, count * depth);
      const quantized = new Float64Array(count * depth);
      const inputScale = quantizeVectors(vectors, quantized);
      const sums = new Float64Array(count * rows);
      for (let i = 0; i < count; i++)
        multiplyRow(codes, rows, depth, quantized.subarray(i * depth, (i + 1) * depth), sums, i * rows);
      for (let i = 0; i < sums.length; i++) out[i]! += Math.fround(inputScale * scales[i % rows]!) * sums[i]!;
    },
  };
}

/** Writes codes minus zero point; returns the scale. */
function quantizeVectors(x: Float64Array, out: Float64Array): number {
  let min = 0;
  let max = 0;
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const scale = min === max ? 1 : Math.fround(Math.fround(Math.fround(max) - Math.fround(min)) / 255);
  const zeroPoint = clampByte(roundHalfEven(Math.fround(-Math.fround(min) / scale)));
  for (let i = 0; i < x.length; i++)
    out[i] = clampByte(roundHalfEven(Math.fround(Math.fround(x[i]!) / scale)) + zeroPoint) - zeroPoint;
  return scale;
}

function clampByte(code: number): number {
  return Math.max(0, Math.min(255, code));
}
