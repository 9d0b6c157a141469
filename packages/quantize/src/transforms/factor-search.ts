/**
 * The search that SmoothQuant and AWQ share: for each group of channels that layers read, some candidates of factors are
 * tried on the layers' expected error, and the best one moves into the graph. Leaving a group as it is counts as a
 * candidate, so that no group becomes worse by that measure.
 */
import { copyModel, Graph, type ModelProto, makeNode, toTensorProto } from "@bitbudget/onnx";
import type { Calibration, LayerGram } from "../calibration/statistics.ts";
import { type Layer, layersOf } from "../layers.ts";
import { type Assignment, checkAssignment } from "../scheme.ts";
import { absorb, floatsOf } from "./absorb.ts";
import { factsOf } from "./channel-groups.ts";
import { channelsAlong, forEachChannel, NONE } from "./channel-map.ts";
import { inputChannels } from "./input-channels.ts";
import { type LayerCost, layerCost } from "./layer-cost.ts";
import { type LayerGroup, layerGroups, withFloor } from "./layer-groups.ts";
import type { Facts } from "./rule.ts";

export interface ScaleOptions {
  /** Layers that will be quantized, and how. */
  readonly assignment: Assignment;
  /** Statistics of the channels of the layers' inputs. */
  readonly calibration: Calibration;
  /** Gram matrices of the inputs, by the names of the layers: errors of weights are then exact. */
  readonly grams?: ReadonlyMap<string, LayerGram>;
  /**
   * Whether a Mul is put before layers whose input nothing can take up the factors of. It costs a pass over the
   * activation in each run. Default false: such layers stay as they are.
   */
  readonly insert?: boolean;
  /** Whether a Clip with an upper bound (Relu6) becomes Relu and the minimum with a bound for each channel. Default "keep". */
  readonly upperBound?: "keep" | "min";
}

/** What a group found. */
export interface ScaledGroup {
  /** Names of the layers that read the values. */
  readonly layers: readonly string[];
  /** Of the candidate that was best; undefined where the group stays as it is. */
  readonly alpha: number | undefined;
  /** The expected error, summed over the layers, before and after. */
  readonly before: number;
  readonly after: number;
}

export interface ScaledModel {
  readonly model: ModelProto;
  readonly groups: readonly ScaledGroup[];
}

/** What factors are made of: for each channel of a group, of the activations and of the weights that read them. */
export interface ChannelSizes {
  /** Largest absolute values of activations. */
  readonly largest: Float64Array;
  /** Roots of their mean squares. */
  readonly rms: Float64Array;
  /** Largest absolute values of the weights. */
  readonly weights: Float64Array;
}

/** The factors for an exponent; channels without activations or weights must get finite positive ones. */
export type Candidate = (sizes: ChannelSizes, alpha: number) => Float64Array;

/** @throws AssignmentError for an assignment that does not fit the model */
export function searchFactors(
  model: ModelProto,
  options: ScaleOptions,
  alphas: readonly number[],
  candidate: Candidate,
): ScaledModel {
  const { assignment, calibration, grams, insert = false, upperBound = "keep" } = options;
  const mayScaleBound = () => upperBound === "min";
  const copy = copyModel(model);
  const graph = Graph.of(copy);
  const layers = layersOf(graph);
  checkAssignment(layers, assignment);
  const aliases = new Map<string, string>();
  let facts = factsOf(copy, graph, { mayScaleBound });
  let groups = layerGroups(facts, layers);
  if (insert && insertScales(facts, layers, groups, assignment, aliases)) {
    facts = factsOf(copy, graph, { mayScaleBound });
    groups = layerGroups(facts, layersOf(graph));
  }
  const seen = aliased(calibration, aliases);
  const report: ScaledGroup[] = [];
  for (const group of groups) {
    const costs = group.readers.flatMap(
      ({ layer }) => layerCost(facts, layer, assignment[layer.name], seen, grams?.get(layer.name)) ?? [],
    );
    if (costs.length === 0) continue;
    const sizes = sizesOf(graph, group, costs);
    const costOf = (factors: Float64Array) =>
      costs.reduce((sum, cost) => sum + cost.of(factorsOfInput(group, cost, factors)), 0);
    const before = costOf(new Float64Array(group.channels).fill(1));
    let best: { alpha: number | undefined; after: number; factors: Float64Array | undefined } = {
      alpha: undefined,
      after: before,
      factors: undefined,
    };
    for (const alpha of alphas) {
      const factors = candidate(sizes, alpha);
      const after = costOf(factors);
      if (after < best.after) best = { alpha, after, factors };
    }
    if (best.factors !== undefined) absorb(graph, group, best.factors);
    const { alpha, after } = best;
    report.push({ layers: costs.map(({ layer }) => layer.name), alpha, before, after });
  }
  dropIdle(graph, aliases);
  graph.sort();
  return { model: copy, groups: report };
}

/** The factors of the channels of a layer's input, some of which may belong to no channel of the group. */
function factorsOfInput(
  group: LayerGroup,
  { channels, layer }: LayerCost,
  factors: Float64Array,
): Float64Array {
  const map = group.values.get(layer.input);
  const along = map && channelsAlong(map, channels.axis);
  return Float64Array.from({ length: channels.count }, (_, i) => {
    const channel = along?.[along.length === 1 ? 0 : i] ?? NONE;
    return channel === NONE ? 1 : factors[channel]!;
  });
}

function sizesOf(graph: Graph, group: LayerGroup, costs: readonly LayerCost[]): ChannelSizes {
  const [largest, rms, weights] = [0, 1, 2].map(() => new Float64Array(group.channels));
  for (const { layer, channels, statistics } of costs) {
    const map = group.values.get(layer.input);
    const along = map && channelsAlong(map, channels.axis);
    for (let i = 0; i < channels.count; i++) {
      const channel = along?.[along.length === 1 ? 0 : i] ?? NONE;
      if (channel === NONE) continue;
      largest![channel] = Math.max(largest![channel]!, statistics.max[i]!, -statistics.min[i]!);
      rms![channel] = Math.max(rms![channel]!, Math.sqrt(statistics.meanSquare[i]!));
    }
  }
  for (const { node, slot, map, layer } of group.readers) {
    if (!costs.some((cost) => cost.layer === layer)) continue;
    const { shape, data } = floatsOf(graph, node.input[slot] ?? "");
    forEachChannel(shape, map, (i, channel) => {
      if (channel !== NONE) weights![channel] = Math.max(weights![channel]!, Math.abs(data[i]!));
    });
  }
  return { largest: withFloor(largest!), rms: withFloor(rms!), weights: weights! };
}

/** Puts a Mul by ones before layers that no group has. Whether there were any. */
function insertScales(
  facts: Facts,
  layers: readonly Layer[],
  groups: readonly LayerGroup[],
  assignment: Assignment,
  aliases: Map<string, string>,
): boolean {
  const { graph } = facts;
  const grouped = new Set(groups.flatMap(({ readers }) => readers.map(({ layer }) => layer.node)));
  const made = new Map<string, string>();
  for (const layer of layers) {
    if (assignment[layer.name] === undefined || grouped.has(layer.node) || layer.graph !== graph) continue;
    const channels = inputChannels(facts, layer);
    if (channels === undefined) continue;
    const { input, node } = layer;
    const key = `${channels.axis} ${input}`;
    let scaledName = made.get(key);
    if (scaledName === undefined) {
      const { axis, count } = channels;
      scaledName = graph.uniqueName(`${input}_smooth`);
      const ones = graph.uniqueName(`${input}_smooth_scale`);
      const shape = channels.input.shape.slice(axis);
      graph.initializers.set(
        toTensorProto({ dtype: "float32", shape, data: new Float32Array(count).fill(1) }, ones),
      );
      graph.insert(makeNode("Mul", [input, ones], [scaledName], { name: scaledName }), { before: node });
      made.set(key, scaledName);
      aliases.set(scaledName, input);
    }
    graph.setInput(node, node.input.indexOf(input), scaledName);
  }
  return made.size > 0;
}

/** Takes out what was inserted and still multiplies by ones. */
function dropIdle(graph: Graph, aliases: ReadonlyMap<string, string>): void {
  for (const [name, from] of aliases) {
    const node = graph.producer(name);
    const scale = node?.input[1] ?? "";
    if (node === undefined || !floatsOf(graph, scale).data.every((factor) => factor === 1)) continue;
    graph.replaceAllUses(name, from);
    graph.remove(node);
    graph.initializers.delete(scale);
  }
}

/** A calibration in which some values have the statistics of others. */
function aliased(calibration: Calibration, aliases: ReadonlyMap<string, string>): Calibration {
  if (aliases.size === 0) return calibration;
  return {
    samples: calibration.samples,
    names: [
      ...calibration.names,
      ...[...aliases].flatMap(([to, from]) => (calibration.names.includes(from) ? [to] : [])),
    ],
    value: (name) => calibration.value(aliases.get(name) ?? name),
  };
}
