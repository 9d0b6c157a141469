/** What was observed of a value, as plain data, and the ranges that follow from it. */
import {
  coarsen,
  entropyRange,
  type HistogramData,
  mseRange,
  NoDataError,
  percentileRange,
  type Range,
} from "@bitbudget/core";
import { QuantizeError } from "../errors.ts";
import type { RangeMethod } from "../scheme.ts";
import type { Calibration, ChannelStatistics, CodeFormat, ValueStatistics } from "./statistics.ts";

/** Bins of each histogram: what entropy wants. Other methods answer from as many as their observers have. */
export const BINS = 4096;
const OBSERVER_BINS = 2048;

/** Plain data: can be cloned, stored, and sent to a worker. */
export interface ValueData {
  readonly name: string;
  /** With the smallest and the largest number, exactly, and how many there were. */
  readonly histogram: HistogramData;
  /** The extremes of single batches, averaged exponentially (Jacob et al. 2018, section 3.1). */
  readonly average: Range;
  readonly channels: ChannelStatistics | undefined;
}

/** Statistics with the data that they come from. */
export interface ObservedValue extends ValueStatistics, ValueData {}

/** What `calibrate` makes, and what can be stored. */
export interface ObservedCalibration extends Calibration {
  value(name: string): ObservedValue;
}

export function observedCalibration(samples: number, values: readonly ValueData[]): ObservedCalibration {
  const byName = new Map(values.map((data) => [data.name, observedValue(data)]));
  const names = [...byName.keys()];
  return {
    samples,
    names,
    value(name) {
      const found = byName.get(name);
      if (found !== undefined) return found;
      const some = `${names.slice(0, 8).join(", ")}${names.length > 8 ? ", ..." : ""}`;
      throw new QuantizeError(
        `value ${JSON.stringify(name)} was not observed; calibrate with it among \`values\` (there are ${some})`,
      );
    },
  };
}

function observedValue(data: ValueData): ObservedValue {
  const { histogram } = data;
  const known = new Map<string, Range>();
  let coarse: HistogramData | undefined;
  /** As the observers of core would, had they seen the same data. */
  const find = (method: RangeMethod, format: CodeFormat): Range => {
    if (histogram.total === 0) throw new NoDataError();
    if (method === "min-max") return { min: histogram.min, max: histogram.max };
    if (method === "moving-average") return data.average;
    if (method === "entropy") return entropyRange(histogram, format);
    coarse ??= coarsen(histogram, OBSERVER_BINS);
    if (method === "mse") return mseRange(coarse, format);
    return percentileRange(coarse, { percent: method.percentile });
  };
  return {
    ...data,
    count: histogram.total,
    range(method, format) {
      const key = JSON.stringify([method, format.dtype, format.symmetric]);
      const range = known.get(key) ?? find(method, format);
      known.set(key, range);
      return range;
    },
  };
}
