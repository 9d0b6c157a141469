/** pad: elements added around a tensor, or removed. What lies together in both is copied in one piece. */
import { padSources } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
import { wasmKernel } from "../kernel.ts";
import { byteSteps } from "../moves/copy.ts";
import { moved, sizeOf } from "../moves/formats.ts";
import { NOWHERE, storeFilling, storeTable, storeTables } from "../moves/pick.ts";

export const pad = wasmKernel<"pad">({
  rows: moved,
  compile(context, { inputs, attributes: { pads, mode, value = 0 } }, _weights, owned) {
    const { dtype, shape } = inputs[0]!;
    const size = sizeOf(dtype);
    const padded = shape.map((length, axis) => length + (pads[axis]?.[0] ?? 0) + (pads[axis]?.[1] ?? 0));
    const total = elementCount(padded);
    if (total === 0) return () => {};
    const steps = byteSteps(shape, size);
    // The last axis that changes, with all that follows, is a row; a scalar is a row of one.
    const last = pads.findLastIndex(([before, after]) => before !== 0 || after !== 0);
    const bytes = last < 0 ? total * size : steps[last]!;
    const tables = shape.slice(0, last + 1).map((length, axis) => {
      const sources = padSources(length, pads[axis] ?? [0, 0], mode);
      return sources.map((source) => (source < 0 ? NOWHERE : source * steps[axis]!));
    });
    const segments = joined(tables.pop() ?? [0], bytes);
    const row = owned.store(Int32Array.from(segments.flat()));
    const [outer, count, rows] = storeTables(
      owned,
      tables.map((table) => storeTable(owned, table)),
    );
    const filling = storeFilling(owned, dtype, value);
    const rowBytes = (total * size) / rows;
    const work = (total * size) / 8;
    return ([x], [y]) =>
      context.run("pickSegments", rows, work, x!, y!, outer, count, row, segments.length, rowBytes, filling);
  },
});

/** Offsets of elements that follow each other become one run. */
function joined(offsets: readonly number[], bytes: number): [offset: number, bytes: number][] {
  const runs: [offset: number, bytes: number][] = [];
  for (const offset of offsets) {
    const run = runs.at(-1);
    const follows = run && (run[0] === NOWHERE ? offset === NOWHERE : offset === run[0] + run[1]);
    if (follows) run[1] += bytes;
    else runs.push([offset, bytes]);
  }
  return runs;
}
