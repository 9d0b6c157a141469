/** Watches one value of a model, batch by batch: all that any range method or repair asks for later, in one pass. */
import { histogram, histogramData, InfinityError, NaNError, type Range, rangeUnion } from "@bitbudget/core";
import { type ChannelLayout, ChannelObserver, channelLayout, type Floats } from "./channels.ts";
import { CalibrationError } from "./errors.ts";
import { BINS, type ValueData } from "./observed.ts";

/** Elements looked at together: 32 KiB of float32. */
const STRETCH = 8192;

export interface ValueObserverOptions {
  readonly name: string;
  /** Of channels: 1, or -1 for the last one; undefined for none. */
  readonly axis: number | undefined;
  /** Of the moving average: the weight of the past. */
  readonly momentum: number;
}

export class ValueObserver {
  readonly #options: ValueObserverOptions;
  readonly #histogram = histogram(BINS);
  #average: Range | undefined;
  /** Of the channels; of all elements together where channels are not asked for, or not the same in all batches. */
  #observer: ChannelObserver | undefined;
  #hasChannels: boolean;

  constructor(options: ValueObserverOptions) {
    this.#options = options;
    this.#hasChannels = options.axis !== undefined;
  }

  /** @throws CalibrationError for NaN and infinity */
  add(values: Floats, shape: readonly number[], batch: number): void {
    if (values.length === 0) return;
    const { name, momentum } = this.#options;
    try {
      const found = this.#observe(values, shape);
      const past = this.#average ?? found;
      const mix = (before: number, now: number) => now + momentum * (before - now);
      this.#average = { min: mix(past.min, found.min), max: mix(past.max, found.max) };
    } catch (error) {
      if (error instanceof NaNError) throw new CalibrationError(name, batch, error.index, Number.NaN);
      if (error instanceof InfinityError) throw new CalibrationError(name, batch, error.index, error.value);
      throw error;
    }
  }

  get data(): ValueData {
    const { name, axis } = this.#options;
    const { min, max } = this.#histogram;
    return {
      name,
      histogram: histogramData(this.#histogram),
      average: this.#average ?? { min, max },
      channels: axis !== undefined && this.#hasChannels ? this.#observer?.statistics(axis) : undefined,
    };
  }

  /** One stretch after the other, so that elements come from memory once. */
  #observe(values: Floats, shape: readonly number[]): Range {
    const { channels, inner } = this.#layout(values.length, shape);
    if (this.#observer?.channels !== channels) this.#observer = new ChannelObserver(channels);
    let all: Range = { min: Infinity, max: -Infinity };
    for (let from = 0; from < values.length; from += STRETCH) {
      const to = Math.min(values.length, from + STRETCH);
      const found = this.#observer.add(values, inner, from, to);
      this.#histogram.add(values.subarray(from, to), found);
      all = rangeUnion(all, found);
    }
    return all;
  }

  #layout(length: number, shape: readonly number[]): ChannelLayout {
    const { axis } = this.#options;
    const layout = axis === undefined ? undefined : channelLayout(shape, axis);
    this.#hasChannels &&=
      layout !== undefined && layout.channels === (this.#observer?.channels ?? layout.channels);
    return this.#hasChannels && layout !== undefined ? layout : { channels: 1, inner: length };
  }
}
