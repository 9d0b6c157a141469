/** Several arrays walked at once, row by row, each with strides of its own. */
import { mergeAxes } from "@bitbudget/backend";

/** The last axis, which callers loop over, and the offsets at which its rows start. */
export interface Rows {
  readonly length: number;
  /** Of each array, along a row. */
  readonly steps: readonly number[];
  /** Calls `visit` with the offset of each array, in row-major order. The list is the same one at every call. */
  forEach(visit: (offsets: readonly number[]) => void): void;
}

/** The rows of `shape` in arrays with the given strides. Axes are merged where that makes rows longer. */
export function rowsOf(shape: readonly number[], ...strides: readonly (readonly number[])[]): Rows {
  const axes = mergeAxes(shape, strides);
  const { length, steps } = axes.pop() ?? { length: 1, steps: strides.map(() => 0) };
  return {
    length,
    steps,
    forEach(visit) {
      const offsets = strides.map(() => 0);
      const walk = (depth: number): void => {
        const axis = axes[depth];
        if (axis === undefined) {
          visit(offsets);
          return;
        }
        for (let i = 0; i < axis.length; i++) {
          walk(depth + 1);
          for (const [k, step] of axis.steps.entries()) offsets[k]! += step;
        }
        for (const [k, step] of axis.steps.entries()) offsets[k]! -= step * axis.length;
      };
      walk(0);
    },
  };
}
