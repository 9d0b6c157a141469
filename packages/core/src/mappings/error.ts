/** What a mapping costs and what it loses: bits per element on one side, the error on the other. */
import { checkElements, forEachRun, groupSizes } from "../groups.ts";
import { CHUNK, forEachChunk } from "./chunks.ts";
import { type Quantized, storedBytes } from "./quantized.ts";
import { chunkReader } from "./reader.ts";

export interface QuantizationError {
  /** Mean of (x - dequantized x)^2. */
  readonly mse: number;
  /** Ratio of signal to quantization noise: 10 log10(sum of x^2 / sum of (x - dequantized x)^2). Infinity without error. */
  readonly sqnrDb: number;
  /** Largest |x - dequantized x|. */
  readonly maxError: number;
  /** Bits of everything that is stored: codes, scales of both levels, zero points and codebook, over the elements. */
  readonly bitsPerElement: number;
  /** The MSE of each group; NaN for one without elements. */
  readonly groupMse: Float64Array;
}

/** Compares a tensor with what quantization made of it. Throws ShapeError if `x` is not of its shape. */
export function quantizationError(x: Float32Array, quantized: Quantized): QuantizationError {
  const { groups, read } = chunkReader(quantized);
  checkElements(groups, x.length);
  const step = Number(groups.columnwise);
  const noise = new Float64Array(groups.count);
  const values = new Float32Array(CHUNK);
  let signal = 0;
  let maxError = 0;
  forEachChunk(x.length, (start, end) => {
    read(start, end, values, 0);
    forEachRun(groups, start, end, (at, length, group) => {
      for (let i = 0, g = group; i < length; i++, g += step) {
        const error = x[at + i]! - values[at - start + i]!;
        signal += x[at + i]! ** 2;
        noise[g]! += error * error;
        maxError = Math.max(maxError, Math.abs(error));
      }
    });
  });
  const total = noise.reduce((a, b) => a + b, 0);
  const sizes = groupSizes(groups);
  return {
    mse: x.length > 0 ? total / x.length : 0,
    sqnrDb: total === 0 ? Infinity : 10 * Math.log10(signal / total),
    maxError,
    bitsPerElement: (storedBytes(quantized) * 8) / x.length,
    groupMse: noise.map((sum, group) => sum / sizes[group]!),
  };
}
