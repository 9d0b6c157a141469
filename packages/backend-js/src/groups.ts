/** Which scale belongs to which element: per tensor, along an axis, or in blocks along an axis (ONNX QuantizeLinear). */
import { elementCount, type Granularity, normalizeAxis } from "@bitbudget/core";

/** A tensor as [outer, length, inner], `length` being the axis along which scales change. */
export interface Groups {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  /** Scale of the first of `inner` neighbours; from one neighbour to the next it moves by `step`. */
  at(outer: number, index: number): number;
  readonly step: 0 | 1;
}

export function groupsOf(shape: readonly number[], granularity: Granularity): Groups {
  if (granularity.kind === "tensor")
    return { outer: 1, length: 1, inner: elementCount(shape), at: () => 0, step: 0 };
  const axis = normalizeAxis(granularity.axis, shape.length);
  const length = shape[axis]!;
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  if (granularity.kind === "channel") return { outer, length, inner, at: (_, index) => index, step: 0 };
  const { size } = granularity;
  const blocks = Math.ceil(length / size);
  return { outer, length, inner, at: (o, index) => (o * blocks + Math.floor(index / size)) * inner, step: 1 };
}
