/** Axes: from numbers to places, with ticks at round numbers. */

export interface Scale {
  /** Place of a number; those beyond the ends are at the ends. */
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** Numbers that are as far apart as their places. Its ends are ticks, so that all of `values` are between. */
export function linearScale(values: readonly number[], start: number, end: number, most = 6): Scale {
  const [low, high] = extent(values.filter(Number.isFinite), 0, 1);
  const step = roundStep((high - low || 1) / most);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return between(ticks, start, end, (x) => x);
}

/** Powers of ten as far apart as each other. Numbers that are not positive are at the start. */
export function logScale(values: readonly number[], start: number, end: number, most = 6): Scale {
  const [low, high] = extent(
    values.filter((x) => x > 0 && Number.isFinite(x)),
    1,
    10,
  );
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.max(Math.ceil(Math.log10(high) - 1e-9), first + 1);
  const by = Math.ceil((last - first) / most);
  const ticks: number[] = [];
  for (let power = first; power <= last; power += by) ticks.push(Number(`1e${power}`));
  const ends = [Number(`1e${first}`), Number(`1e${last}`)];
  return { ticks, at: between(ends, start, end, Math.log10).at };
}

function between(ticks: readonly number[], start: number, end: number, of: (x: number) => number): Scale {
  const [low, high] = [of(ticks[0]!), of(ticks.at(-1)!)];
  const at = (value: number) => {
    const part = (of(value) - low) / (high - low);
    return start + (end - start) * Math.min(1, Math.max(0, Number.isNaN(part) ? 0 : part));
  };
  return { at, ticks };
}

function extent(values: readonly number[], low: number, high: number): [number, number] {
  return values.length === 0 ? [low, high] : [Math.min(...values), Math.max(...values)];
}

/** 1, 2 or 5 times a power of ten, at least as large. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= least * (1 - 1e-9)) ?? 10 * power;
}
