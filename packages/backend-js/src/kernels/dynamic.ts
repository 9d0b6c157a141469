/**
 * Activations as the sums of linear and conv2d take them: numbers with their zero point taken off, and the scales that
 * the kernel found itself where quantization is dynamic. NaN does not count in a range, and its code stands for 0.
 */
import { quantizeNumber } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import type { Numbers } from "../kernel.ts";

export interface Activations {
  readonly values: Float64Array;
  /** Dynamic scales: scales[row * rowStep + block * blockStep]. A step of 0: rows or blocks share one. */
  readonly scales: Float64Array;
  readonly rowStep: number;
  readonly blockStep: number;
}

/** How a sum of `depth` terms is cut: `count` blocks of `size` terms, the last of them maybe shorter. */
export interface Blocks {
  readonly size: number;
  readonly count: number;
}

/** Numbers as they are, or codes less a static zero point. */
export function plainActivations(x: Numbers, zeroPoint = 0): Activations {
  const values = new Float64Array(x);
  if (zeroPoint !== 0) for (let i = 0; i < values.length; i++) values[i]! -= zeroPoint;
  return { values, scales: Float64Array.of(1), rowStep: 0, blockStep: 0 };
}

/** uint8, one scale and zero point for the tensor (ONNX DynamicQuantizeLinear). */
export function quantizedTensor(x: Numbers): Activations {
  let min = 0;
  let max = 0;
  for (let i = 0; i < x.length; i++) {
    if (x[i]! < min) min = x[i]!;
    if (x[i]! > max) max = x[i]!;
  }
  const scale = min === max ? 1 : Math.fround(Math.fround(max - min) / 255);
  const zeroPoint = quantizeNumber(-min, scale, 0, dtypes.uint8);
  const values = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++)
    values[i] = quantizeNumber(x[i]!, scale, zeroPoint, dtypes.uint8) - zeroPoint;
  return { values, scales: Float64Array.of(scale), rowStep: 0, blockStep: 0 };
}

const symmetric = { min: -127, max: 127 };

/** int8, symmetric, a scale for each block of each row of `depth` elements. */
export function quantizedBlocks(
  x: Numbers,
  rows: number,
  depth: number,
  { size, count }: Blocks,
): Activations {
  const values = new Float64Array(x.length);
  const scales = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++)
    for (let block = 0; block < count; block++) {
      const start = row * depth + block * size;
      const end = Math.min(start + size, (row + 1) * depth);
      let largest = 0;
      for (let i = start; i < end; i++) if (Math.abs(x[i]!) > largest) largest = Math.abs(x[i]!);
      const scale = Math.fround(largest / 127);
      scales[row * count + block] = scale;
      if (scale === 0) continue;
      for (let i = start; i < end; i++) values[i] = quantizeNumber(x[i]!, scale, 0, symmetric);
    }
  return { values, scales, rowStep: count, blockStep: count === 1 ? 0 : 1 };
}
