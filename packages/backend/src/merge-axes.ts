/** Several arrays of one shape as the fewest axes along which they can be walked together. */

/** An axis along which several arrays are walked at once. */
export interface CommonAxis {
  readonly length: number;
  /** Elements from one position to the next, of each array. */
  readonly steps: readonly number[];
}

/**
 * Leaves axes of length 1 out, and joins an axis with the one before it where all arrays go through both evenly.
 * `strides`: of each array, in elements, one for each axis of `shape`.
 */
export function mergeAxes(shape: readonly number[], strides: readonly (readonly number[])[]): CommonAxis[] {
  const axes: CommonAxis[] = [];
  for (const [i, length] of shape.entries()) {
    if (length === 1) continue;
    const steps = strides.map((of) => of[i]!);
    const outer = axes.at(-1);
    if (outer?.steps.every((step, k) => step === steps[k]! * length))
      axes[axes.length - 1] = { length: outer.length * length, steps };
    else axes.push({ length, steps });
  }
  return axes;
}
