/**
 * Equalization of ranges across layers (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias
 * Correction", section 4.1): channel i between two layers is divided by s_i = sqrt(r1_i / r2_i), which makes the
 * ranges r1_i / s_i of the weights before it and r2_i s_i of those behind it the same, pair by pair until nothing moves.
 *
 * With statistics of activations, the ranges of the values between the layers count as those of the weights before them:
 * they are what codes of activations have to cover.
 */
import { copyModel, Graph, type ModelProto, type NodeProto } from "@bitbudget/onnx";
import type { Calibration } from "../calibration/statistics.ts";
import { QuantizeError } from "../errors.ts";
import { layersOf } from "../layers.ts";
import { type Assignment, checkAssignment } from "../scheme.ts";
import { absorb, floatsOf } from "./absorb.ts";
import { factsOf } from "./channel-groups.ts";
import { type ChannelMap, forEachChannel, NONE } from "./channel-map.ts";
import { activationStatistic, type LayerConstant, type LayerGroup, layerGroups } from "./layer-groups.ts";

export interface EqualizeOptions {
  /** Schemes say which ranges matter: with a scale for each channel, weights have no range in common. Default: all do. */
  readonly assignment?: Assignment;
  /** Statistics of the activations that layers read; without them, weights alone are looked at. */
  readonly calibration?: Calibration;
  /** How much ranges of activations count against those of the weights that make them, from 0 to 1. Default 0.5. */
  readonly activations?: number;
  /**
   * What becomes of a Clip with an upper bound (Relu6) between two layers, which would be another one for each channel.
   * "keep" leaves such pairs alone; "min" computes Relu and the minimum with the channel's bound; "relu" drops the bound
   * where the calibration saw no value above it (times 1 + `slack`), else as "min". Default "min".
   */
  readonly upperBound?: "keep" | "min" | "relu";
  /** How far above an upper bound values may be that is dropped; Infinity drops all, as the paper does. Default 0. */
  readonly slack?: number;
  /** Rounds over all pairs, at most. Default 50. */
  readonly rounds?: number;
}

/** Where no factor changes by more than this, in powers of e, equalization has converged. */
const SMALL = 1e-3;
/** Factors stay within this and its inverse: a channel that is all but dead must not take over. */
const LARGEST = 2 ** 16;

/**
 * A model that computes the same and whose weights, or weights and activations, have ranges that are alike in all
 * channels. What was measured of activations is of the old model: calibrate again.
 * @param model of `floatModel`
 * @throws AssignmentError, QuantizeError for options that make no sense
 */
export function equalize(model: ModelProto, options: EqualizeOptions = {}): ModelProto {
  const { assignment, calibration, upperBound = "min", slack = 0, rounds = 50, activations = 0.5 } = options;
  if (upperBound === "relu" && calibration === undefined)
    throw new QuantizeError('an upper bound is dropped where data say so; give a calibration, or use "min"');
  if (!(activations >= 0 && activations <= 1))
    throw new QuantizeError(`the share of activations is from 0 to 1, not ${activations}`);
  const copy = copyModel(model);
  const graph = Graph.of(copy);
  const layers = layersOf(graph);
  if (assignment !== undefined) checkAssignment(layers, assignment);
  const facts = factsOf(copy, graph, { mayScaleBound: () => upperBound !== "keep" });
  const groups = layerGroups(facts, layers).map(
    (group) => new Balance(group, { assignment, calibration, activations }),
  );
  const ranges = new WeightRanges(graph, groups);
  for (let round = 0; round < rounds; round++) {
    let moved = 0;
    for (const group of groups) moved = Math.max(moved, group.step(ranges));
    if (moved < SMALL) break;
  }
  const dropped = (node: NodeProto) =>
    upperBound === "relu" && calibration !== undefined && isHarmless(graph, node, calibration, slack);
  for (const { group, factors } of groups)
    if (factors.some((factor) => factor !== 1)) absorb(graph, group, factors, dropped);
  graph.sort();
  return copy;
}

/** Whether nothing that was seen is cut off by a Clip. */
function isHarmless(graph: Graph, node: NodeProto, calibration: Calibration, slack: number): boolean {
  const [input = "", , high = ""] = node.input;
  const bound = floatsOf(graph, high).data[0] ?? Infinity;
  if (!calibration.names.includes(input)) return slack === Infinity;
  const { max } = calibration.value(input).range("min-max", { dtype: "uint8", symmetric: false });
  return max <= bound * (1 + slack);
}

interface BalanceOptions {
  readonly assignment: Assignment | undefined;
  readonly calibration: Calibration | undefined;
  readonly activations: number;
}

/** The factors of one group, on their way to equal ranges. */
class Balance {
  readonly group: LayerGroup;
  readonly factors: Float64Array;
  readonly #sources: readonly LayerConstant[];
  readonly #readers: readonly LayerConstant[];
  readonly #seen: Float64Array | undefined;
  readonly #share: number;

  constructor(group: LayerGroup, { assignment, calibration, activations }: BalanceOptions) {
    this.group = group;
    this.factors = new Float64Array(group.channels).fill(1);
    const counts = (constant: LayerConstant) => hasCommonRange(constant, assignment);
    this.#sources = group.sources.filter(counts);
    this.#readers = group.readers.filter(counts);
    this.#seen =
      calibration &&
      activationStatistic(group, calibration, ({ min, max }, i) => Math.max(-min[i]!, max[i]!));
    this.#share = this.#seen === undefined ? 0 : this.#sources.length === 0 ? 1 : activations;
  }

  /** Brings the ranges as they are now to balance. @returns the largest change of a factor, as its logarithm */
  step(ranges: WeightRanges): number {
    const { channels } = this.group;
    const before = this.#before(ranges);
    const behind = this.#readers.length === 0 ? undefined : ranges.largest(this.#readers, channels);
    // Nothing is known of what would be divided.
    if (before === undefined) return 0;
    const wanted = new Float64Array(channels);
    for (let i = 0; i < channels; i++) {
      const [left, right] = [before[i]!, behind?.[i] ?? 1];
      // With ranges on one side alone, these are all made the same.
      wanted[i] = left > 0 && right > 0 ? (left / right) ** (behind === undefined ? 1 : 0.5) : 1;
    }
    if (behind === undefined) center(wanted);
    let moved = 0;
    for (let i = 0; i < channels; i++) {
      const old = this.factors[i]!;
      this.factors[i] = Math.min(Math.max(old * wanted[i]!, 1 / LARGEST), LARGEST);
      moved = Math.max(moved, Math.abs(Math.log(this.factors[i]! / old)));
    }
    return moved;
  }

  /** Ranges of what is divided: of the weights before, and of the activations. */
  #before(ranges: WeightRanges): Float64Array | undefined {
    const share = this.#share;
    const seen = this.#seen?.map((size, i) => size / this.factors[i]!);
    if (this.#sources.length === 0) return share === 0 ? undefined : seen;
    const weights = ranges.largest(this.#sources, this.group.channels);
    if (seen === undefined || share === 0) return weights;
    // Units of the two differ; a common factor does not change what is balanced.
    return weights.map((size, i) => size ** (1 - share) * seen[i]! ** share);
  }
}

/** Divides by the geometric mean. */
function center(values: Float64Array): void {
  const mean = values.reduce((sum, value) => sum + Math.log(value), 0) / values.length;
  for (const [i, value] of values.entries()) values[i] = value / Math.exp(mean);
}

/** Whether channels of a weight share a scale, so that one with a large range costs the others. */
function hasCommonRange({ layer, map, power }: LayerConstant, assignment: Assignment | undefined): boolean {
  if (assignment === undefined) return true;
  const scheme = assignment[layer.name]?.weight;
  const weight = layer.weights[0];
  if (scheme === undefined || weight === undefined) return false;
  const { granularity = "channel" } = scheme;
  if (granularity === "tensor") return true;
  // A scale for each output channel: those of sources are divided, and so are their scales; a reader that has one input
  // for each of its outputs, as depthwise convolutions do, is no different.
  if (power === -1) return false;
  return map.shape.some((size, axis) => size > 1 && axis !== weight.channelAxis) || map.channels.length === 1;
}

/** Largest absolute values of weights by channel, with the factors that all groups have found so far. */
class WeightRanges {
  readonly #weights = new Map<string, Reduced>();

  constructor(graph: Graph, groups: readonly Balance[]) {
    const scalings = new Map<string, { constant: LayerConstant; scaling: Scaling }[]>();
    for (const { group, factors } of groups) {
      for (const constant of [...group.sources, ...group.readers]) {
        const list = scalings.get(keyOf(constant)) ?? [];
        list.push({ constant, scaling: { map: constant.map, power: constant.power, factors } });
        scalings.set(keyOf(constant), list);
      }
    }
    for (const [key, list] of scalings) {
      const [first] = list;
      if (first === undefined) continue;
      const { node, slot } = first.constant;
      this.#weights.set(
        key,
        reduce(
          graph,
          node.input[slot] ?? "",
          list.map(({ scaling }) => scaling),
        ),
      );
    }
  }

  largest(constants: readonly LayerConstant[], channels: number): Float64Array {
    const found = new Float64Array(channels);
    for (const constant of constants) {
      const weight = this.#weights.get(keyOf(constant));
      if (weight === undefined) continue;
      const sizes = weight.sizes.slice();
      for (const { map, power, factors } of weight.scalings)
        forEachChannel(weight.shape, map, (i, channel) => {
          if (channel !== NONE) sizes[i]! *= factors[channel]! ** power;
        });
      forEachChannel(weight.shape, constant.map, (i, channel) => {
        if (channel !== NONE) found[channel] = Math.max(found[channel]!, sizes[i]!);
      });
    }
    return found;
  }
}

function keyOf({ node, slot }: LayerConstant): string {
  return `${slot} ${node.output[0]}`;
}

interface Scaling {
  readonly map: ChannelMap;
  readonly power: 1 | -1;
  readonly factors: Float64Array;
}

interface Reduced {
  readonly shape: readonly number[];
  /** Largest absolute values along axes that no factor depends on. */
  readonly sizes: Float64Array;
  readonly scalings: readonly Scaling[];
}

function reduce(graph: Graph, name: string, scalings: readonly Scaling[]): Reduced {
  const { shape: full, data } = floatsOf(graph, name);
  const shape = full.map((size, axis) => (scalings.some(({ map }) => map.shape[axis] !== 1) ? size : 1));
  const count = shape.reduce((product, size) => product * size, 1);
  const sizes = new Float64Array(count);
  const elements = Int32Array.from({ length: count }, (_, i) => i);
  forEachChannel(full, { shape, channels: elements }, (i, at) => {
    sizes[at] = Math.max(sizes[at]!, Math.abs(data[i]!));
  });
  return { shape, sizes, scalings };
}
