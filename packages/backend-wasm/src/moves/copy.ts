/**
 * Elements that change place at even distances (transpose, slice, expand, concat): axes are joined until what is left is
 * runs of bytes, or matrices that are turned.
 */
import { strides } from "@bitbudget/core";
import type { Context } from "../context.ts";
import type { Address } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";

/** Bytes from one position to the next, in what is read and in what is written. */
export interface Axis {
  readonly length: number;
  readonly xStep: number;
  readonly yStep: number;
}

export interface Copy {
  /** Outermost first, in the order in which they are written. */
  readonly axes: readonly Axis[];
  /** Bytes of an element. */
  readonly size: number;
}

/** Bytes from one position of an axis to the next. */
export function byteSteps(shape: readonly number[], size: number): number[] {
  return strides(shape).map((stride) => stride * size);
}

/** What copies from x to y. */
export function compileCopy(context: Context, owned: Owned, copy: Copy): (x: Address, y: Address) => void {
  const elements = copy.axes.reduce((product, { length }) => product * length, 1);
  if (elements === 0) return () => {};
  const axes = join(copy.axes);
  let { size } = copy;
  // What is dense in both is one long element.
  const last = axes.at(-1);
  if (last?.xStep === size && last.yStep === size) {
    axes.pop();
    size *= last.length;
  }
  const work = (elements * copy.size) / 8;
  const turned = matrixOf(axes, size);
  if (turned !== undefined) {
    const { rows, columns, rest } = turned;
    const [outer, count, units] = walked(owned, rest);
    const total = units * columns.length;
    const [xStep, yStep, shift] = [rows.xStep, columns.yStep, Math.log2(size)];
    return (x, y) =>
      context.run(
        "copyTurned",
        total,
        work,
        x,
        y,
        outer,
        count,
        rows.length,
        columns.length,
        xStep,
        yStep,
        shift,
      );
  }
  const inner = axes.pop() ?? { length: 1, xStep: size, yStep: size };
  const [outer, count, units] = walked(owned, axes);
  const { length, xStep, yStep } = inner;
  // Threads share units: an axis that is the only one is better walked from outside.
  if (units === 1 && size > 64) {
    const [all, one] = walked(owned, [inner]);
    return (x, y) => context.run("copyRuns", length, work, x, y, all, one, 1, 0, 0, size);
  }
  return (x, y) => context.run("copyRuns", units, work, x, y, outer, count, length, xStep, yStep, size);
}

/** Leaves axes of length 1 out, and joins an axis with the one before it where both sides go through both evenly. */
function join(axes: readonly Axis[]): Axis[] {
  const joined: Axis[] = [];
  for (const axis of axes) {
    if (axis.length === 1) continue;
    const outer = joined.at(-1);
    const even = outer?.xStep === axis.xStep * axis.length && outer.yStep === axis.yStep * axis.length;
    if (even) joined[joined.length - 1] = { ...axis, length: axis.length * outer.length };
    else joined.push(axis);
  }
  return joined;
}

/** The axis of neighbours in y and that of neighbours in x, where these are not the same. */
function matrixOf(axes: readonly Axis[], size: number) {
  const rows = axes.find(({ yStep }) => yStep === size);
  const columns = axes.find(({ xStep }) => xStep === size);
  const fits = size === 1 || size === 2 || size === 4 || size === 8;
  if (!fits || rows === undefined || columns === undefined || rows === columns || rows.xStep <= 0) return;
  return { rows, columns, rest: axes.filter((axis) => axis !== rows && axis !== columns) };
}

/** Axes as the kernels walk them: where their record lies, how many there are, and how many units they make. */
function walked(owned: Owned, axes: readonly Axis[]): [address: number, count: number, units: number] {
  const fields = axes.toReversed().flatMap(({ length, xStep, yStep }) => [length, xStep, yStep]);
  const units = axes.reduce((product, { length }) => product * length, 1);
  return [owned.store(Int32Array.from(fields)), axes.length, units];
}
