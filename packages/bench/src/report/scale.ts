/** A logarithmic axis: twice as fast is as far to the right as half as fast is to the left. */

export interface Scale {
  /** Position of a value, in pixels. */
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** From the lowest to the highest value, widened to ticks of 1, 2 and 5 times powers of ten. */
export function logScale(values: readonly number[], left: number, right: number): Scale {
  const finite = values.filter((value) => value > 0 && Number.isFinite(value));
  const low = finite.length === 0 ? 1 : Math.min(...finite);
  const high = finite.length === 0 ? 10 : Math.max(...finite);
  const all = stepsBetween(low, high);
  const [first, last] = [all[0]!, all.at(-1)!];
  const width = Math.log(last / first) || 1;
  // Labels of about 40 pixels: powers of ten alone where there is no room for more.
  const crowded = all.length * 44 > right - left;
  const ticks = crowded
    ? all.filter((tick) => Number.isInteger(Math.log10(tick) + 1e-12) || isPower(tick))
    : all;
  return { at: (value) => left + (Math.log(value / first) / width) * (right - left), ticks };
}

function isPower(tick: number): boolean {
  return Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-9;
}

/** 1, 2, 5, 10, ... from the last at or below `low` to the first at or above `high`. */
function stepsBetween(low: number, high: number): number[] {
  const steps: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const digit of [1, 2, 5]) steps.push(Number(`${digit}e${power}`));
  const from = steps.findLastIndex((step) => step <= low * (1 + 1e-9));
  const to = steps.findIndex((step) => step >= high * (1 - 1e-9));
  return steps.slice(Math.max(0, from), to < 0 ? undefined : Math.max(to, from + 1) + 1);
}
