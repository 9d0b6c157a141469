/** The groups of channels between the layers of a model, each once, with what its ranges are found from. */
import type { NodeProto } from "@bitbudget/onnx";
import type { Calibration } from "../calibration/statistics.ts";
import type { Layer } from "../layers.ts";
import { type ChannelGroup, channelGroup } from "./channel-groups.ts";
import { axisMap, type ChannelMap, channelsAlong, NONE } from "./channel-map.ts";
import type { Facts, ScaledConstant } from "./rule.ts";

export interface LayerGroup extends ChannelGroup {
  /** Weights of layers that make the values: divided by the factors. */
  readonly sources: readonly LayerConstant[];
  /** Weights of layers that read them: multiplied. */
  readonly readers: readonly LayerConstant[];
}

export interface LayerConstant extends ScaledConstant {
  readonly layer: Layer;
}

/** The axis of an activation along which a layer has its channels: of what it reads, or of what it makes. */
export function activationAxis(layer: Layer, rank: number): number {
  const isImage = layer.opType === "Conv" || layer.opType === "ConvTranspose";
  return isImage ? 1 : rank - 1;
}

/**
 * Groups of the main graph that some layer reads, in the order of those layers, then those that layers make. Groups have
 * no constant in common, except for other channels of it.
 */
export function layerGroups(facts: Facts, layers: readonly Layer[]): LayerGroup[] {
  const byNode = new Map<NodeProto, Layer>(layers.map((layer) => [layer.node, layer]));
  const taken = new Map<string, Uint8Array>();
  const groups: LayerGroup[] = [];
  const own = layers.filter(({ graph, weights }) => graph === facts.graph && weights.length > 0);
  const seeds = [
    ...own.filter(({ opType }) => opType !== "Gather").map((layer) => [layer, layer.input] as const),
    ...own.map((layer) => [layer, layer.node.output[0] ?? ""] as const),
  ];
  for (const [layer, value] of seeds) {
    const group = groupFrom(facts, layer, value);
    if (group === undefined || !claim(taken, group)) continue;
    const weights = group.constants.flatMap((constant) => {
      const of = constant.isWeight ? byNode.get(constant.node) : undefined;
      return of === undefined ? [] : [{ ...constant, layer: of }];
    });
    weights.sort((a, b) => a.layer.index - b.layer.index);
    groups.push({
      ...group,
      sources: weights.filter(({ power }) => power === -1),
      readers: weights.filter(({ power }) => power === 1),
    });
  }
  return groups;
}

function groupFrom(facts: Facts, layer: Layer, value: string): ChannelGroup | undefined {
  const sizes = facts.sizes(value);
  const axis = activationAxis(layer, sizes?.length ?? 0);
  const count = sizes?.[axis];
  if (sizes === undefined || typeof count !== "number" || count === 0) return undefined;
  return channelGroup(facts, value, axisMap(sizes.length, axis, count));
}

/** Marks the elements of constants that a group scales. False, and nothing is marked, where another one has some of them. */
function claim(taken: Map<string, Uint8Array>, { constants, bounds }: ChannelGroup): boolean {
  const wanted = [
    ...constants.map(
      ({ node, slot, power, map }) => [`${power} ${slot} ${node.output[0]}`, map.channels] as const,
    ),
    ...bounds.map((node) => [`bound ${node.output[0]}`, new Int32Array(1)] as const),
  ];
  const clashes = wanted.some(([key, channels]) => {
    const marks = taken.get(key);
    return (
      marks !== undefined &&
      (marks.length !== channels.length || channels.some((channel, i) => channel !== NONE && marks[i] === 1))
    );
  });
  if (clashes) return false;
  for (const [key, channels] of wanted) {
    const marks = taken.get(key) ?? new Uint8Array(channels.length);
    for (const [i, channel] of channels.entries()) if (channel !== NONE) marks[i] = 1;
    taken.set(key, marks);
  }
  return true;
}

/** A statistic of each channel of a group, from those of the activations that its readers read: the largest of all. */
export function activationStatistic(
  group: LayerGroup,
  calibration: Calibration,
  of: (statistics: NonNullable<ReturnType<Calibration["value"]>["channels"]>, channel: number) => number,
): Float64Array | undefined {
  const found = new Float64Array(group.channels);
  let isKnown = false;
  for (const name of new Set(group.readers.map(({ layer }) => layer.input))) {
    const map = group.values.get(name);
    const channels = map && statisticsAlong(calibration, name, map);
    if (map === undefined || channels === undefined) continue;
    isKnown = true;
    for (const [i, channel] of channels.along.entries())
      if (channel !== NONE) found[channel] = Math.max(found[channel]!, of(channels.statistics, i));
  }
  return isKnown ? withFloor(found) : undefined;
}

/**
 * Sizes of channels in which nothing was seen are taken for as small as the smallest: their weights must not decide on the
 * range of the others.
 */
export function withFloor(sizes: Float64Array): Float64Array {
  const smallest = sizes.reduce((least, size) => (size > 0 && size < least ? size : least), Infinity);
  return smallest === Infinity ? sizes : sizes.map((size) => Math.max(size, smallest));
}

/** Statistics of a value where they are along the axis of the map's channels. */
export function statisticsAlong(calibration: Calibration, name: string, map: ChannelMap) {
  if (!calibration.names.includes(name)) return undefined;
  const statistics = calibration.value(name).channels;
  if (statistics === undefined) return undefined;
  const axis = statistics.axis < 0 ? statistics.axis + map.shape.length : statistics.axis;
  const along = channelsAlong(map, axis);
  if (along?.length !== statistics.max.length) return undefined;
  return { statistics, along };
}
