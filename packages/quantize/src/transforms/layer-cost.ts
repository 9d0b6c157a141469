/**
 * What rounding costs a layer whose input channels were divided by factors and whose weights multiplied with them: the
 * expected squared error of its output, relative to the output itself. It needs no data but statistics of its inputs.
 *
 * Of weights: e G e for the error e of a row and the inputs' Gram matrix G, or its diagonal where that is all there is.
 * Of activations: rounding to steps of size d adds noise of variance d^2 / 12 to each term of a sum.
 */
import { dequantize, dtypes } from "@bitbudget/core";
import type { Calibration, ChannelStatistics, LayerGram } from "../calibration/statistics.ts";
import type { Layer, LayerWeight } from "../layers.ts";
import { outputError } from "../rounding/loss.ts";
import { weightMatrix } from "../rounding/matrix.ts";
import { roundNearest } from "../rounding/nearest.ts";
import { type ActivationScheme, coreScheme, type LayerScheme, type WeightScheme } from "../scheme.ts";
import { floatsOf } from "./absorb.ts";
import { forEachChannel } from "./channel-map.ts";
import { type InputChannels, inputChannels, inputStatistics } from "./input-channels.ts";
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
  const matrix = weightMatrix(layer, weight);
  const errorOf = (rows: Float32Array, others: Float32Array) =>
    gram !== undefined && matrix !== undefined
      ? outputError(rows, others, matrix, gram)
      : diagonalError(rows, others, weight, channels, statistics);
  const scaled = new Float32Array(data.length);
  const energy = errorOf(scaled, data) || 1;
  return {
    layer,
    channels,
    statistics,
    of(factors) {
      forEachChannel(weight.shape, channels.weight, (i, channel) => {
        scaled[i] = data[i]! * factors[channel]!;
      });
      const rounded =
        scheme.weight === undefined ? scaled.slice() : nearestWeight(scaled, layer, weight, scheme.weight);
      const noise =
        scheme.activation === undefined ? 0 : stepOf(statistics, factors, scheme.activation) ** 2 / 12;
      const squares = noise === 0 ? 0 : rounded.reduce((sum, w) => sum + w * w, 0);
      forEachChannel(weight.shape, channels.weight, (i, channel) => {
        rounded[i] = rounded[i]! / factors[channel]!;
      });
      return (errorOf(data, rounded) + noise * squares) / energy;
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

/** What a weight comes back as from the nearest codes of its scheme. */
function nearestWeight(
  data: Float32Array,
  layer: Layer,
  weight: LayerWeight,
  scheme: WeightScheme,
): Float32Array {
  const { bits, range } = scheme;
  return dequantize(roundNearest(data, weight.shape, coreScheme(layer, weight, scheme), { bits, range }));
}

/** The mean square of the difference of outputs, for inputs that vary by themselves; of all rows. */
function diagonalError(
  rows: Float32Array,
  others: Float32Array,
  weight: LayerWeight,
  channels: InputChannels,
  { meanSquare }: ChannelStatistics,
): number {
  let sum = 0;
  forEachChannel(weight.shape, channels.weight, (i, channel) => {
    sum += (rows[i]! - others[i]!) ** 2 * meanSquare[channel]!;
  });
  return sum;
}
