/**
 * What rounding does to the output of a layer: for a row of the weight with the error e, the mean of (e . x)^2 over the inputs
 * x is e G e with their Gram matrix G. It is quadratic, and exact: no input has to be seen again.
 */
import type { LayerGram } from "../calibration/statistics.ts";
import { QuantizeError } from "../errors.ts";
import { multiply } from "./linear-algebra.ts";
import type { WeightMatrix } from "./matrix.ts";

/** @throws QuantizeError for a Gram matrix that is not of the inputs of that weight */
export function checkGram({ rows, size, groups }: WeightMatrix, gram: LayerGram): void {
  if (gram.size !== size || gram.groups !== groups || gram.values.length !== groups * size * size)
    throw new QuantizeError(
      `the Gram matrix is of ${gram.groups} groups of ${gram.size} inputs, the weight has ${rows} rows in ${groups} groups of ${size} terms`,
    );
}

/** The matrix that the rows of one group see. */
export function gramOf({ values, size }: LayerGram, group: number): Float64Array {
  return values.subarray(group * size * size, (group + 1) * size * size);
}

/**
 * The Gram matrix of inputs less their mean: what counts where the bias takes up the mean of the error
 * (`biasShift`), because a layer then errs only in what varies.
 */
export function centered(gram: LayerGram): LayerGram {
  const { size, groups, mean } = gram;
  const values = gram.values.slice();
  for (let group = 0, at = 0; group < groups; group++)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) values[at++]! -= mean[group * size + i]! * mean[group * size + j]!;
  return { ...gram, values };
}

/** What each element's squared error counts by itself: the mean square of its input. Of the shape of the weight. */
export function importanceOf(matrix: WeightMatrix, gram: LayerGram): Float32Array {
  checkGram(matrix, gram);
  const { rows, size, groups, rowStride, termStride } = matrix;
  const importance = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const values = gramOf(gram, Math.floor((row * groups) / rows));
    for (let term = 0; term < size; term++)
      importance[row * rowStride + term * termStride] = values[term * (size + 1)]!;
  }
  return importance;
}

/** The sum over output channels of the mean square of what is added to them, when a weight becomes another one. */
export function outputError(
  weight: ArrayLike<number>,
  other: ArrayLike<number>,
  matrix: WeightMatrix,
  gram: LayerGram,
): number {
  checkGram(matrix, gram);
  const { rows, size, groups, rowStride, termStride } = matrix;
  const error = new Float64Array(size);
  const product = new Float64Array(size);
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    for (let term = 0; term < size; term++) {
      const at = row * rowStride + term * termStride;
      error[term] = other[at]! - weight[at]!;
    }
    multiply(gramOf(gram, Math.floor((row * groups) / rows)), size, error, product);
    for (let term = 0; term < size; term++) sum += error[term]! * product[term]!;
  }
  return sum;
}

/** What is to be added to the bias of each row, so that outputs keep their mean (Nagel et al. 2019, section 4.2). */
export function biasShift(
  weight: ArrayLike<number>,
  rounded: ArrayLike<number>,
  matrix: WeightMatrix,
  { mean }: Pick<LayerGram, "mean">,
  roundedMean: Float64Array = mean,
): Float64Array {
  const { rows, size, groups, rowStride, termStride } = matrix;
  const shift = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = Math.floor((row * groups) / rows) * size;
    let sum = 0;
    for (let term = 0; term < size; term++) {
      const at = row * rowStride + term * termStride;
      sum += weight[at]! * mean[from + term]! - rounded[at]! * roundedMean[from + term]!;
    }
    shift[row] = sum;
  }
  return shift;
}
