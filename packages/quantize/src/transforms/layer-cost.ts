/**
 * What rounding costs a layer whose input channels were divided by factors and whose weights multiplied with them: the
 * expected squared error of its output, relative to the output itself. It needs no data but statistics of its inputs.
 *
 * Of weights: e G e for the error e of a row and the inputs' Gram matrix G, or its diagonal where that is all there is.
 * Of activations: rounding to steps of size d adds noise of variance d^2 / 12 to each term of a sum.
 */
import { dtypes } from "@bitbudget/core";
import type { Calibration, ChannelStatistics, LayerGram } from "../calibration/statistics.ts";
import { QuantizeError } from "../errors.ts";
import type { Layer, LayerWeight } from "../layers.ts";
import type { ActivationScheme, LayerScheme } from "../scheme.ts";
import { floatsOf } from "./absorb.ts";
import { forEachChannel } from "./channel-map.ts";
import { type InputChannels, inputChannels, inputStatistics } from "./input-channels.ts";
import { roundedWeight } from "./round-weight.ts";
import type { Facts } from "./rule.ts";

export interface LayerCost {
  readonly layer: Layer;
  readonly channels: InputChannels;
  readonly statistics: ChannelStatistics;
  /** @param factors one for each input channel */
  of(factors: Float64Array): number;
}

/** Undefined for layers that stay float, and where nothing is known of the inputs. */
export function layerCost(
  facts: Facts,
  layer: Layer,
  scheme: LayerScheme | undefined,
  calibration: Calibration,
  gram?: LayerGram,
): LayerCost | undefined {
  const [weight] = layer.weights;
  const channels = inputChannels(facts, layer);
  const statistics = channels && inputStatistics(calibration, layer, channels);
  if (weight === undefined || channels === undefined || statistics === undefined) return undefined;
  if (scheme?.weight === undefined && scheme?.activation === undefined) return undefined;
  const { data } = floatsOf(facts.graph, weight.name);
  const energy = errorOf(data, weight, channels, statistics, gram) || 1;
  const scaled = new Float32Array(data.length);
  return {
    layer,
    channels,
    statistics,
    of(factors) {
      forEachChannel(weight.shape, channels.weight, (i, channel) => {
        scaled[i] = data[i]! * factors[channel]!;
      });
      const rounded =
        scheme.weight === undefined ? scaled.slice() : roundedWeight(scaled, layer, weight, scheme.weight);
      const noise =
        scheme.activation === undefined ? 0 : stepOf(statistics, factors, scheme.activation) ** 2 / 12;
      const squares = noise === 0 ? 0 : rounded.reduce((sum, w) => sum + w * w, 0);
      forEachChannel(weight.shape, channels.weight, (i, channel) => {
        rounded[i] = rounded[i]! / factors[channel]! - data[i]!;
      });
      return (errorOf(rounded, weight, channels, statistics, gram) + noise * squares) / energy;
    },
  };
}

/** Between codes of a range that covers all channels. */
function stepOf(
  { min, max }: ChannelStatistics,
  factors: Float64Array,
  { dtype, symmetric = dtypes[dtype].min < 0 }: ActivationScheme,
): number {
  let [low, high] = [0, 0];
  for (const [c, factor] of factors.entries()) {
    low = Math.min(low, min[c]! / factor);
    high = Math.max(high, max[c]! / factor);
  }
  const codes = 2 ** dtypes[dtype].bits - (symmetric ? 2 : 1);
  return (symmetric ? 2 * Math.max(-low, high) : high - low) / codes;
}

/** The mean square of what rows of these weights make of the inputs, summed over all rows. */
function errorOf(
  rows: Float32Array,
  weight: LayerWeight,
  channels: InputChannels,
  { meanSquare }: ChannelStatistics,
  gram: LayerGram | undefined,
): number {
  if (gram !== undefined) return quadraticForm(rows, weight, gram);
  let sum = 0;
  forEachChannel(weight.shape, channels.weight, (i, channel) => {
    sum += rows[i]! ** 2 * meanSquare[channel]!;
  });
  return sum;
}

function quadraticForm(data: Float32Array, { shape, channelAxis }: LayerWeight, gram: LayerGram): number {
  const { size, groups, values } = gram;
  const rows = shape[channelAxis] ?? 0;
  if (rows * size !== data.length || values.length !== groups * size * size)
    throw new QuantizeError(
      `a Gram matrix of ${groups} groups of ${size} does not fit weights [${shape.join(", ")}]`,
    );
  const [rowStep, termStep] = channelAxis === 0 ? [size, 1] : [1, rows];
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const group = Math.floor(row / (rows / groups)) * size * size;
    for (let i = 0; i < size; i++) {
      const a = data[row * rowStep + i * termStep]!;
      if (a === 0) continue;
      let product = 0;
      for (let j = 0, at = group + i * size; j < size; j++)
        product += values[at + j]! * data[row * rowStep + j * termStep]!;
      sum += a * product;
    }
  }
  return Math.max(0, sum);
}
