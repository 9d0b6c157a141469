/** Positions in row-major memory that tensors of indices name. Negative indices count from the end of their axis. */
import { IndexError } from "@bitbudget/backend";
import { elementCount, strides } from "@bitbudget/core";

function inRange(index: number, position: number, length: number): number {
  const counted = index < 0 ? index + length : index;
  if (!(counted >= 0 && counted < length)) throw new IndexError(index, position, length);
  return counted;
}

/**
 * For every position of a tensor of indices, the element of `shape` at the same place but for `axis`, where the index
 * stands (ONNX GatherElements, ScatterElements).
 */
export function positionsAlong(
  shape: readonly number[],
  axis: number,
  indices: ArrayLike<number>,
  indexShape: readonly number[],
): Int32Array<ArrayBuffer> {
  const steps = strides(shape);
  const indexSteps = strides(indexShape);
  const length = shape[axis] ?? 0;
  return Int32Array.from({ length: indices.length }, (_, i) => {
    let position = inRange(indices[i]!, i, length) * steps[axis]!;
    for (const [k, step] of indexSteps.entries())
      if (k !== axis) position += (Math.floor(i / step) % indexShape[k]!) * steps[k]!;
    return position;
  });
}

/**
 * For every tuple of indices, the elements of the slice that it names, one after the other (ONNX GatherND, ScatterND).
 * @param batchDims leading axes that data and indices share
 */
export function positionsOfTuples(
  shape: readonly number[],
  indices: ArrayLike<number>,
  indexShape: readonly number[],
  batchDims = 0,
): Int32Array<ArrayBuffer> {
  const depth = indexShape.at(-1) ?? 0;
  const steps = strides(shape);
  const slice = elementCount(shape.slice(batchDims + depth));
  const tuples = elementCount(indexShape.slice(0, -1));
  const batches = elementCount(shape.slice(0, batchDims));
  const batchSize = elementCount(shape.slice(batchDims));
  const positions = new Int32Array(tuples * slice);
  for (let tuple = 0; tuple < tuples; tuple++) {
    let start = Math.floor((tuple * batches) / tuples) * batchSize;
    for (let k = 0; k < depth; k++) {
      const at = tuple * depth + k;
      start += inRange(indices[at]!, at, shape[batchDims + k]!) * steps[batchDims + k]!;
    }
    for (let i = 0; i < slice; i++) positions[tuple * slice + i] = start + i;
  }
  return positions;
}
