/** What calibration knows of the values of a model: enough for every way to find a range, after one pass over the data. */
import type { IntegerName, Range } from "@bitbudget/core";
import type { RangeMethod } from "../scheme.ts";

/** Codes that a range is to be covered with. */
export interface CodeFormat {
  readonly dtype: IntegerName;
  readonly symmetric: boolean;
}

/** Of the numbers of one channel of an activation; arrays have an element for each channel. */
export interface ChannelStatistics {
  /** From the front; -1 for the last one. */
  readonly axis: number;
  /** Numbers in each channel. */
  readonly count: number;
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly mean: Float32Array;
  /** Mean of squares. */
  readonly meanSquare: Float32Array;
}

export interface ValueStatistics {
  readonly name: string;
  readonly count: number;
  /** @throws NoDataError where nothing was seen */
  range(method: RangeMethod, format: CodeFormat): Range;
  /** Along axis 1 of images and the last axis of all else; undefined where sizes differ from batch to batch, or for scalars. */
  readonly channels: ChannelStatistics | undefined;
}

export interface Calibration {
  /** Samples that were seen: the first axis of the first feed. */
  readonly samples: number;
  readonly names: readonly string[];
  /** @throws QuantizeError for a value that was not observed */
  value(name: string): ValueStatistics;
}

/** Sum of outer products of the inputs of a layer, for second-order rounding (Frantar et al. 2023, section 3.1). */
export interface LayerGram {
  /** Rows that were summed up. */
  readonly rows: number;
  /** Length of a row: the weights of one output channel. */
  readonly size: number;
  /** Groups of a convolution, each of which sees rows of its own. */
  readonly groups: number;
  /** [groups, size, size], row-major: the mean of x x^T over the rows. */
  readonly values: Float64Array;
  /** [groups, size]: the mean of x. */
  readonly mean: Float64Array;
}
