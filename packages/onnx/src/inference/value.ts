/** What is known of a value: its element type, its shape, and, for small integer tensors, its contents. */
import type { ElementType } from "../tensor/formats.ts";
import type { MaybeDim } from "./dim.ts";
import { same } from "./dim.ts";

export type Shape = readonly MaybeDim[];

export interface Value {
  readonly dtype?: ElementType | undefined;
  /** Undefined when not even the rank is known. */
  readonly shape?: Shape | undefined;
  /**
   * Elements in row-major order, where they are known and few: sizes on their way through Shape, Gather, Concat and
   * Reshape. Booleans are 0 and 1; numbers beyond 2^53 are infinite.
   */
  readonly data?: Shape | undefined;
  /** Type of the elements of a sequence, of the value inside an optional. */
  readonly sequenceOf?: Value | undefined;
  readonly optionalOf?: Value | undefined;
}

/** More elements than any shape has are not sizes, and more dimensions than any tensor has are not a shape. */
export const MOST_DATA = 256;
const MOST_DIMENSIONS = 64;

/** Nothing is known. */
export const unknown: Value = {};

/** A tensor, as far as its sizes are sizes: whole, not negative, and few. */
export function tensor(dtype: ElementType | undefined, shape: Shape | undefined, data?: Shape): Value {
  if (shape === undefined || shape.length > MOST_DIMENSIONS) return { dtype };
  const sizes = shape.every(isSize) ? shape : shape.map((dim) => (isSize(dim) ? dim : undefined));
  const isKnown =
    data !== undefined && data.length <= MOST_DATA && (data.length === 0 || !data.every(isUnknown));
  return isKnown ? { dtype, shape: sizes, data } : { dtype, shape: sizes };
}

function isUnknown(dim: MaybeDim): boolean {
  return dim === undefined;
}

function isSize(dim: MaybeDim): boolean {
  return typeof dim !== "number" || (Number.isSafeInteger(dim) && dim >= 0);
}

/** A shape of a known rank with no known size. */
export function ofRank(rank: number): Shape;
export function ofRank(rank: number | undefined): Shape | undefined;
export function ofRank(rank: number | undefined): Shape | undefined {
  if (rank === undefined || rank > MOST_DIMENSIONS) return undefined;
  return new Array<MaybeDim>(rank).fill(undefined);
}

/** What two values have in common: the type of a value that is either the one or the other. */
export function union(a: Value | undefined, b: Value | undefined): Value {
  if (a === undefined || b === undefined) return unknown;
  if (a.sequenceOf !== undefined && b.sequenceOf !== undefined)
    return { sequenceOf: union(a.sequenceOf, b.sequenceOf) };
  if (a.optionalOf !== undefined && b.optionalOf !== undefined)
    return { optionalOf: union(a.optionalOf, b.optionalOf) };
  const dtype = a.dtype === b.dtype ? a.dtype : undefined;
  if (a.shape === undefined || a.shape.length !== b.shape?.length) return { dtype };
  return { dtype, shape: a.shape.map((dim, i) => (same(dim, b.shape?.[i]) ? dim : undefined)) };
}

/** What is known of a value about which two things are known; `a` where they differ. */
export function refine(a: Value, b: Value | undefined): Value {
  if (b === undefined) return a;
  if (a.sequenceOf !== undefined) return { sequenceOf: refine(a.sequenceOf, b.sequenceOf) };
  if (a.optionalOf !== undefined) return { optionalOf: refine(a.optionalOf, b.optionalOf) };
  const shape = a.shape === undefined ? b.shape : a.shape;
  const both = a.shape !== undefined && a.shape.length === b.shape?.length;
  return {
    ...b,
    ...a,
    dtype: a.dtype ?? b.dtype,
    shape: both ? a.shape?.map((dim, i) => dim ?? b.shape?.[i]) : shape,
  };
}

/** The shape as numbers, when all its sizes are. */
export function knownShape(shape: Shape | undefined): readonly number[] | undefined {
  return shape?.every((dim) => typeof dim === "number") ? (shape as readonly number[]) : undefined;
}
