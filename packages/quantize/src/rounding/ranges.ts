/**
 * Scales and zero points of the groups of a grid: from the smallest and the largest weight, or those with the least squared
 * error, found by trying them on the weights themselves (the error of so few numbers is no smooth function of the range).
 */
import { dtypes, roundHalfEven } from "@bitbudget/core";
import { type Grid, nearestRank, unitOf } from "./grid.ts";

export interface RangeOptions {
  /** How scales and zero points are found; "mse" tries them on the values themselves. Default "min-max". */
  readonly range?: "min-max" | "mse" | undefined;
  /** What the squared error of each element counts, for "mse": the mean square of what it is multiplied with. */
  readonly importance?: Float32Array | undefined;
}

/** Weights of one group, in order, and what the error of each counts. */
interface Members {
  readonly values: Float32Array;
  readonly importance: Float32Array | undefined;
}

/** Writes scales and zero points of all groups, which are 1 and the code of zero of a symmetric mapping. */
export function fitRanges(grid: Grid, weight: Float32Array, { range, importance }: RangeOptions): void {
  forEachMembers(grid, weight, importance, (members, group) => {
    fitRange(grid, group, members.values, range, members.importance);
  });
}

/** The same for one group, of these weights. */
export function fitRange(
  grid: Grid,
  group: number,
  values: Float32Array,
  range: RangeOptions["range"] = "min-max",
  importance?: Float32Array,
): void {
  let min = 0;
  let max = 0;
  for (const x of values) {
    min = Math.min(min, x);
    max = Math.max(max, x);
  }
  setRange(grid, group, min, max);
  if (range === "mse" && max > min) search(grid, group, { values, importance }, min, max);
}

/** As core does it: onnxruntime's formulas, with a scale of 1 where there is nothing but zero. */
function setRange(grid: Grid, group: number, min: number, max: number): void {
  const { scheme, low, count, table, scales, zeroPoints } = grid;
  const largest = Math.max(-min, max);
  const isAsymmetric = scheme.mapping.kind === "affine" && !scheme.mapping.symmetric;
  let step: number;
  if (table !== undefined) step = largest / (scheme.mapping.kind === "affine" ? dtypes[scheme.dtype].max : 1);
  else if (isAsymmetric) step = (max - min) / (count - 1);
  else step = largest / (low + count - 1 - zeroPoints[group]!);
  scales[group] = step < TINY ? 1 : step;
  if (isAsymmetric && table === undefined)
    zeroPoints[group] = clamp(
      roundHalfEven(low - Math.fround(min / scales[group]!)) + 0,
      low,
      low + count - 1,
    );
}

/** Below the smallest normal float32 a scale loses its digits. */
const TINY = 2 ** -126;

function search(grid: Grid, group: number, members: Members, min: number, max: number): void {
  const best = {
    scale: grid.scales[group]!,
    zeroPoint: grid.zeroPoints[group]!,
    error: Number.POSITIVE_INFINITY,
  };
  const keep = (): boolean => {
    const error = squaredError(grid, group, members);
    if (!(error < best.error)) return false;
    [best.scale, best.zeroPoint, best.error] = [grid.scales[group]!, grid.zeroPoints[group]!, error];
    return true;
  };
  const restore = () => {
    grid.scales[group] = best.scale;
    grid.zeroPoints[group] = best.zeroPoint;
  };
  const isAsymmetric = grid.scheme.mapping.kind === "affine" && !grid.scheme.mapping.symmetric;
  let found = { low: 1, high: 1 };
  const sweep = (ends: (t: number) => { low: number; high: number }) => {
    let chosen = found;
    for (const t of shrinks) {
      const { low, high } = ends(t);
      setRange(grid, group, min * low, max * high);
      if (keep()) chosen = { low, high };
    }
    found = chosen;
  };
  sweep((t) => ({ low: t, high: t }));
  if (isAsymmetric && min < 0 && max > 0) {
    for (let turn = 0; turn < 2; turn++) {
      const { high } = found;
      sweep((t) => ({ low: t, high }));
      const { low } = found;
      sweep((t) => ({ low, high: t }));
    }
  }
  refine();
  if (isAsymmetric)
    for (const by of [-1, 1])
      for (let zeroPoint = best.zeroPoint + by; ; zeroPoint += by) {
        if (zeroPoint < grid.low || zeroPoint >= grid.low + grid.count) break;
        const before = best.error;
        grid.zeroPoints[group] = zeroPoint;
        grid.scales[group] = best.scale;
        keep();
        refine(zeroPoint);
        if (best.error >= before) break;
      }
  restore();

  /** The best scale for the codes that the scale gave, and again (Lloyd's iteration). */
  function refine(zeroPoint = best.zeroPoint): void {
    grid.zeroPoints[group] = zeroPoint;
    grid.scales[group] = zeroPoint === best.zeroPoint ? best.scale : grid.scales[group]!;
    for (let i = 0; i < 8; i++) {
      const scale = leastSquaresScale(grid, group, members);
      if (!(scale > TINY)) return;
      grid.scales[group] = scale;
      if (!keep()) return;
    }
  }
}

/** Parts of the range: a geometric series down to a sixteenth. */
const shrinks: readonly number[] = Array.from({ length: 41 }, (_, i) => 2 ** (-i / 10));

function squaredError(grid: Grid, group: number, { values, importance }: Members): number {
  const scale = grid.scales[group]!;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    const error = x - unitOf(grid, group, nearestRank(grid, group, x)) * scale;
    sum += importance === undefined ? error * error : error * error * importance[i]!;
  }
  return sum;
}

function leastSquaresScale(grid: Grid, group: number, { values, importance }: Members): number {
  let along = 0;
  let square = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    const unit = unitOf(grid, group, nearestRank(grid, group, x));
    const weight = importance?.[i] ?? 1;
    along += weight * x * unit;
    square += weight * unit * unit;
  }
  return square > 0 ? along / square : 0;
}

/** Visits the members of each group, in memory order. */
function forEachMembers(
  { groups, groupOf }: Grid,
  weight: Float32Array,
  importance: Float32Array | undefined,
  visit: (members: Members, group: number) => void,
): void {
  const ends = new Uint32Array(groups.count + 1);
  for (const group of groupOf) ends[group + 1]!++;
  for (let group = 0; group < groups.count; group++) ends[group + 1]! += ends[group]!;
  const starts = ends.slice();
  const values = new Float32Array(weight.length);
  const counts = importance === undefined ? undefined : new Float32Array(weight.length);
  for (let i = 0; i < weight.length; i++) {
    const at = starts[groupOf[i]!]!++;
    values[at] = weight[i]!;
    if (counts !== undefined) counts[at] = importance![i]!;
  }
  for (let group = 0; group < groups.count; group++) {
    const [from, to] = [ends[group]!, ends[group + 1]!];
    visit({ values: values.subarray(from, to), importance: counts?.subarray(from, to) }, group);
  }
}

function clamp(x: number, min: number, max: number): number {
  return Math.min(Math.max(x, min), max);
}
