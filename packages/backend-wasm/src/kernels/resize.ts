/** resize: nearest picks elements; linear and cubic are weighted sums, one axis after the other. */
import { type AxisTaps, type KernelSpec, resizeTaps } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import type { Context } from "../context.ts";
import { type Address, type Run, wasmKernel } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { byteSteps, compileCopy } from "../moves/copy.ts";
import { sizeOf } from "../moves/formats.ts";
import { compilePick, NOWHERE, storeFilling, storeTable } from "../moves/pick.ts";

const formats = ["float32", "float16", "bfloat16", "float64", "int8", "uint8", "int32"] as const;

export const resize = wasmKernel<"resize">({
  rows: formats.map((dtype) => ({ activation: dtype, output: dtype, arithmetic: "native" })),
  refuse({ inputs, attributes: { mode } }) {
    const dtype = inputs[0]?.dtype;
    return mode === "nearest" || dtype === "float32" ? undefined : `no ${mode} interpolation of ${dtype}`;
  },
  compile(context, spec, _weights, owned) {
    if (elementCount(spec.attributes.sizes) === 0) return () => {};
    return spec.attributes.mode === "nearest"
      ? compileNearest(context, spec, owned)
      : compileSums(context, spec, owned);
  },
});

function compileNearest(context: Context, spec: KernelSpec<"resize">, owned: Owned): Run {
  const { dtype, shape } = spec.inputs[0]!;
  const steps = byteSteps(shape, sizeOf(dtype));
  const taps = new Map(resizeTaps(spec).map((each) => [each.axis, each]));
  const anyOutside = [...taps.values()].some(({ outside }) => outside.includes(1));
  // All axes behind the last one that changes are one element.
  const last = Math.max(0, ...taps.keys());
  const tables = shape.slice(0, last + 1).map((length, axis) => {
    const step = steps[axis]!;
    const changed = taps.get(axis);
    if (changed === undefined)
      return storeTable(
        owned,
        Array.from({ length }, (_, i) => i * step),
      );
    const { indices, outside } = changed;
    return storeTable(
      owned,
      indices.map((index, i) => (outside[i] === 1 ? NOWHERE : index * step)),
    );
  });
  const row = tables.pop() ?? storeTable(owned, [0]);
  const pick = compilePick(context, owned, {
    outer: tables,
    row: () => row,
    bytes: steps[last] ?? sizeOf(dtype),
    filling: anyOutside ? storeFilling(owned, dtype, spec.attributes.extrapolation ?? 0) : 0,
  });
  return ([x], [y]) => pick(x!, y!);
}

function compileSums(context: Context, spec: KernelSpec<"resize">, owned: Owned): Run {
  const shape = [...spec.inputs[0]!.shape];
  const axes = inOrder(resizeTaps(spec), shape);
  const steps = axes.map((taps, i) => {
    const run = compileAxis(context, owned, taps, shape);
    shape[taps.axis] = spec.attributes.sizes[taps.axis]!;
    return { run, to: i === axes.length - 1 ? undefined : owned.workspace(elementCount(shape) * 4) };
  });
  if (steps.length === 0) {
    const all = { length: elementCount(shape), xStep: 4, yStep: 4 };
    const copy = compileCopy(context, owned, { axes: [all], size: 4 });
    return ([x], [y]) => copy(x!, y!);
  }
  const fills = axes.map((taps) =>
    compileOutside(context, owned, taps, shape, spec.attributes.extrapolation),
  );
  return ([x], [y]) => {
    let from = x!;
    for (const { run, to } of steps) {
      const into = to?.() ?? y!;
      run(from, into);
      from = into;
    }
    for (const fill of fills) fill?.(y!);
  };
}

/**
 * Along the last axis sums are slow, for neighbours have other sources: they are best done while there are few elements.
 * Axes that shrink come first, from outside; those that grow last, from inside.
 */
function inOrder(axes: readonly AxisTaps[], shape: readonly number[]): AxisTaps[] {
  const grows = ({ axis, outside }: AxisTaps) => outside.length >= shape[axis]!;
  return [...axes.filter((taps) => !grows(taps)), ...axes.filter(grows).reverse()];
}

/** The weighted sums along one axis of `shape`. */
function compileAxis(
  context: Context,
  owned: Owned,
  { axis, taps, indices, weights }: AxisTaps,
  shape: readonly number[],
): (x: Address, y: Address) => void {
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  const from = shape[axis]!;
  const to = indices.length / taps;
  const work = outer * to * inner * taps;
  if (inner === 1) {
    const table = owned.store(fours(indices, weights, taps));
    return (x, y) => context.run("interpolateRows", outer, work, x, y, table, taps, from, to);
  }
  const record = new Int32Array(2 * taps * to);
  const floats = new Float32Array(record.buffer);
  for (let i = 0; i < to; i++)
    for (let t = 0; t < taps; t++) {
      record[2 * i * taps + t] = indices[i * taps + t]!;
      floats[(2 * i + 1) * taps + t] = weights[i * taps + t]!;
    }
  const table = owned.store(record);
  return (x, y) => context.run("interpolateBlocks", outer * to, work, x, y, table, taps, from, to, inner);
}

/** For each four positions, and each of their taps, four offsets in bytes and four weights; those beyond the end are 0. */
function fours(indices: Int32Array, weights: Float64Array, taps: number): Int32Array {
  const to = indices.length / taps;
  const record = new Int32Array(Math.ceil(to / 4) * taps * 8);
  const floats = new Float32Array(record.buffer);
  for (let i = 0; i < to; i++)
    for (let t = 0; t < taps; t++) {
      const at = (Math.floor(i / 4) * taps + t) * 8 + (i % 4);
      record[at] = indices[i * taps + t]! * 4;
      floats[at + 4] = weights[i * taps + t]!;
    }
  return record;
}

/** What writes the extrapolation value wherever the position along one axis is outside. */
function compileOutside(
  context: Context,
  owned: Owned,
  { axis, outside }: AxisTaps,
  shape: readonly number[],
  value = 0,
): ((y: Address) => void) | undefined {
  if (!outside.includes(1)) return undefined;
  const table = owned.store(outside);
  const rows = elementCount(shape.slice(0, axis + 1));
  const inner = elementCount(shape.slice(axis + 1));
  return (y) => context.run("extrapolate", rows, rows * inner, y, table, outside.length, inner, value);
}
