/** Multidirectional broadcasting as in numpy and ONNX. */
import type { KernelSpec } from "../spec.ts";
import { check } from "./definition.ts";

/** Shape to which all given shapes broadcast. */
export function broadcastShapes(spec: KernelSpec, ...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let result = 1;
    for (const shape of shapes) {
      const dimension = shape[axis - rank + shape.length] ?? 1;
      if (dimension === 1) continue;
      check(
        result === 1 || result === dimension,
        spec,
        "inputs",
        `of shapes ${shapes.map((s) => `[${s.join(", ")}]`).join(" and ")} do not broadcast`,
      );
      result = dimension;
    }
    return result;
  });
}

/** Element strides with which `shape` is read at positions of the broadcast shape `to`: 0 along repeated axes. */
export function broadcastStrides(shape: readonly number[], to: readonly number[]): number[] {
  const strides = new Array<number>(to.length).fill(0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dimension = shape[axis] ?? 1;
    if (dimension !== 1) strides[axis + to.length - shape.length] = stride;
    stride *= dimension;
  }
  return strides;
}
