/** Shapes of results. */
import { ShapeError } from "@bitbudget/core";

/** The shape to which two shapes broadcast, as in ONNX. @throws ShapeError where they do not */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [x, y] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (x !== y && x !== 1 && y !== 1) throw new ShapeError(`shapes [${a}] and [${b}] do not broadcast`, a);
    return x === 1 ? y : x;
  });
}
