/** Stored tensors as values: type and shape always, contents when they are few enough to be sizes. */
import { valuesOf } from "@bitbudget/core";
import { OnnxError } from "../errors.ts";
import type { TensorProto } from "../proto.ts";
import { extent } from "../tensor/extent.ts";
import { type ElementType, elementType, format, isExtra } from "../tensor/formats.ts";
import { isExternal, tensorValue } from "../tensor/read.ts";
import type { MaybeDim } from "./dim.ts";
import { knownShape, MOST_DATA, type Shape, tensor, type Value } from "./value.ts";

/** What is known of a stored tensor. One that does not make sense is unknown: saying so is the business of the checks. */
export function storedValue(proto: TensorProto): Value {
  const dtype = elementType(proto.dataType);
  if (dtype === undefined) return {};
  try {
    const { shape, elements } = extent(proto, format(dtype));
    if (elements > MOST_DATA || isExtra(dtype) || isExternal(proto)) return tensor(dtype, shape);
    const { data } = tensorValue(proto);
    const isWide = data instanceof BigInt64Array || data instanceof BigUint64Array;
    return tensor(
      dtype,
      shape,
      isWide ? Array.from(data, toNumber) : Array.from(valuesOf(tensorValue(proto)), Number),
    );
  } catch (error) {
    if (error instanceof OnnxError) return { dtype };
    throw error;
  }
}

/** A number as sizes are counted: beyond 2^53, as the ends of slices often are, infinite. */
export function toNumber(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  return number > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

/** Formats whose arithmetic is followed. Sizes never travel in others. */
const ranges: Partial<Record<ElementType, readonly [low: number, high: number]>> = {
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  bool: [0, 1],
};

/** What a computed element is in a format: undefined where it would wrap around, or is in a format not followed. */
export function represented(element: MaybeDim, dtype: ElementType | undefined): MaybeDim {
  if (dtype === undefined || element === undefined) return undefined;
  const range = ranges[dtype];
  const isFloat = dtype === "float32" || dtype === "float64";
  if (typeof element !== "number")
    return (range !== undefined && dtype !== "bool") || isFloat ? element : undefined;
  if (isFloat)
    return Number.isNaN(element) ? undefined : dtype === "float32" ? Math.fround(element) : element;
  return range !== undefined && element >= range[0] && element <= range[1] ? element : undefined;
}

/**
 * Contents in another order: for each place in the result, row-major, the element at the place in the original that
 * `origin` gives.
 */
export function rearranged(
  data: Shape | undefined,
  from: Shape | undefined,
  to: Shape | undefined,
  origin: (place: readonly number[]) => readonly number[],
): Shape | undefined {
  const [before, after] = [knownShape(from), knownShape(to)];
  if (data === undefined || before === undefined || after === undefined) return undefined;
  const count = after.reduce((product, dim) => product * dim, 1);
  if (count > MOST_DATA) return undefined;
  const place = new Array<number>(after.length).fill(0);
  return Array.from({ length: count }, () => {
    const at = origin(place).reduce((flat, index, axis) => flat * before[axis]! + index, 0);
    for (let axis = after.length - 1; axis >= 0 && ++place[axis]! === after[axis]; axis--) place[axis] = 0;
    return data[at];
  });
}

/** Contents of `shape` filled with one number, when it is known and small. */
export function filled(shape: Shape | undefined, value: number): Shape | undefined {
  let count = 1;
  for (const dim of shape ?? [undefined]) {
    if (typeof dim !== "number" || !Number.isSafeInteger(dim) || dim < 0) return undefined;
    count *= dim;
  }
  return count <= MOST_DATA ? new Array<number>(count).fill(value) : undefined;
}
