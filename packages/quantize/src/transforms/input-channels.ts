/** The channels that a layer reads: where they lie in its input and in its weight, and what was seen of them. */
import type { Calibration, ChannelStatistics } from "../calibration/statistics.ts";
import type { Layer } from "../layers.ts";
import { axisMap, type ChannelMap } from "./channel-map.ts";
import { activationAxis, statisticsAlong } from "./layer-groups.ts";
import type { Facts } from "./rule.ts";
import { linearRules } from "./rules-linear.ts";

export interface InputChannels {
  readonly count: number;
  /** Axis of the input. */
  readonly axis: number;
  /** Channel 0, 1, ... of the input. */
  readonly input: ChannelMap;
  /** The channel that each weight is multiplied with. */
  readonly weight: ChannelMap;
}

/** Undefined for a layer whose weight does not read channels, or whose input is of unknown size. */
export function inputChannels(facts: Facts, layer: Layer): InputChannels | undefined {
  const sizes = facts.sizes(layer.input);
  const axis = activationAxis(layer, sizes?.length ?? 0);
  const count = sizes?.[axis];
  if (layer.opType === "Gather" || sizes === undefined || typeof count !== "number") return undefined;
  const input = axisMap(sizes.length, axis, count);
  const slot = layer.node.input.indexOf(layer.input);
  const [step] = linearRules[layer.opType]?.(facts, layer.node, { side: "input", slot, map: input }) ?? [];
  const weight = step?.constants?.find(({ isWeight }) => isWeight)?.map;
  return weight && { count, axis, input, weight };
}

/** Statistics of the channels of a layer's input. */
export function inputStatistics(
  calibration: Calibration,
  layer: Layer,
  { input }: InputChannels,
): ChannelStatistics | undefined {
  return statisticsAlong(calibration, layer.input, input)?.statistics;
}
