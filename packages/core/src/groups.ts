/**
 * Which elements of a row-major tensor share a scale: a granularity laid over a shape. Everything that works group by
 * group walks the tensor in memory order, in runs that are either of one group or of consecutive groups.
 */
import { ArgumentError, BlockError, ShapeError } from "./errors.ts";
import type { Granularity } from "./scheme.ts";
import { elementCount, normalizeAxis } from "./shapes.ts";

/** A tensor seen as blocks of [rows, columns] elements, the last block of each `period` possibly shorter. */
export interface Groups {
  /** Number of groups, which is the number of scales. */
  readonly count: number;
  /** Shape of the scales: [] per tensor, [channels], or the tensor's own with its axis divided by the block size. */
  readonly shape: readonly number[];
  /** Number of elements of the tensor. */
  readonly elements: number;
  /** Whether the columns of a block are groups of their own; otherwise the whole block is one group. */
  readonly columnwise: boolean;
  readonly columns: number;
  /** Elements of a full block. */
  readonly block: number;
  /** Elements after which blocks start afresh; and how many groups further that is, in blocks. */
  readonly period: number;
  readonly stride: number;
}

/** Lays a granularity over a shape. Throws ShapeError, AxisError or BlockError. */
export function groupsOf(shape: readonly number[], granularity: Granularity): Groups {
  const elements = elementCount(shape);
  if (granularity.kind === "tensor") {
    return {
      count: 1,
      shape: [],
      elements,
      columnwise: false,
      columns: 1,
      block: elements,
      period: elements,
      stride: 0,
    };
  }
  const axis = normalizeAxis(granularity.axis, shape.length);
  const length = shape[axis]!;
  const inner = elementCount(shape.slice(axis + 1));
  const period = length * inner;
  if (granularity.kind === "channel") {
    return inner === 1
      ? {
          count: length,
          shape: [length],
          elements,
          columnwise: true,
          columns: length,
          block: elements,
          period: elements,
          stride: 0,
        }
      : {
          count: length,
          shape: [length],
          elements,
          columnwise: false,
          columns: 1,
          block: inner,
          period,
          stride: 0,
        };
  }
  if (granularity.kind !== "block")
    throw new ArgumentError(`${JSON.stringify(granularity)} is not a granularity`);
  const { size, partial = false } = granularity;
  if (!(Number.isInteger(size) && size > 0) || (length % size !== 0 && !partial))
    throw new BlockError(size, length, axis);
  const blocks = Math.ceil(length / size);
  const scales = shape.with(axis, blocks);
  return {
    count: elementCount(scales),
    shape: scales,
    elements,
    columnwise: inner > 1,
    columns: inner,
    block: size * inner,
    period,
    stride: blocks,
  };
}

/**
 * Visits the elements from `start` to `end` in memory order, as runs of `length` elements from `at`: of group `group`
 * all of them, or, where columns are groups, element i of group `group` + i.
 */
export function forEachRun(
  groups: Groups,
  start: number,
  end: number,
  visit: (at: number, length: number, group: number) => void,
): void {
  const { columnwise, columns, block, period, stride } = groups;
  let turn = Math.floor(start / period);
  let index = Math.floor((start - turn * period) / block);
  let column = columnwise ? start % columns : 0;
  for (let at = start; at < end; ) {
    const turnEnd = (turn + 1) * period;
    const blockEnd = Math.min(turn * period + (index + 1) * block, turnEnd);
    const runEnd = Math.min(columnwise ? at - column + columns : blockEnd, end);
    const blocks = turn * stride + index;
    visit(at, runEnd - at, columnwise ? blocks * columns + column : blocks);
    at = runEnd;
    column = 0;
    if (at === turnEnd) {
      turn++;
      index = 0;
    } else if (at === blockEnd) index++;
  }
}

/** Number of elements in each group. */
export function groupSizes(groups: Groups): Uint32Array {
  const sizes = new Uint32Array(groups.count);
  forEachRun(groups, 0, groups.elements, (_, length, group) => {
    if (!groups.columnwise) sizes[group]! += length;
    else for (let i = 0; i < length; i++) sizes[group + i]!++;
  });
  return sizes;
}

/** Throws ShapeError unless the groups are of an array of that length. */
export function checkElements({ elements }: Groups, length: number): void {
  if (elements !== length)
    throw new ShapeError(`the shape has ${elements} elements, the array ${length}`, [length]);
}
