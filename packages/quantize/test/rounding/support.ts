/** Random problems: a weight, and inputs whose channels go together, as those of real layers do. */
import { randomNumbers } from "@bitbudget/train";
import type { LayerGram } from "../../src/index.ts";
import type { WeightMatrix } from "../../src/rounding/matrix.ts";

/** Numbers that are nearly normal. */
export function normals(length: number, seed: number): Float32Array {
  const random = randomNumbers(seed);
  return Float32Array.from({ length }, () => random() + random() + random() + random() - 2);
}

export function rowMajor(rows: number, size: number, groups = 1): WeightMatrix {
  return { rows, size, rowStride: size, termStride: 1, groups };
}

/** Of inputs [count, groups * size], in float64. */
export function gramOfInputs(x: Float32Array, size: number, groups = 1): LayerGram {
  const rows = x.length / (size * groups);
  const values = new Float64Array(groups * size * size);
  const mean = new Float64Array(groups * size);
  for (let row = 0; row < rows; row++)
    for (let group = 0; group < groups; group++) {
      const at = (row * groups + group) * size;
      for (let i = 0; i < size; i++) {
        mean[group * size + i]! += x[at + i]! / rows;
        for (let j = 0; j < size; j++)
          values[(group * size + i) * size + j]! += (x[at + i]! * x[at + j]!) / rows;
      }
    }
  return { rows, size, groups, values, mean };
}

/** Inputs that share a part, so that what one weight does wrong another can make up for. */
export function relatedInputs(count: number, size: number, seed: number, shift = 0.5): Float32Array {
  const own = normals(count * size, seed);
  const common = normals(count, seed + 1000);
  return own.map((x, i) => 0.5 * x + common[Math.floor(i / size)]! + shift);
}
