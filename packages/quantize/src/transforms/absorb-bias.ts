/**
 * High biases (Nagel et al. 2019, section 4.2 "Bias absorption"): where channel i before a Relu is all but always
 * above c_i > 0, the layer before may give c_i less, and the one behind it adds W c to its bias. The range of the
 * activation shrinks by c, and what is lost is what was below c: nothing, for c the smallest value that was seen.
 */
import {
  canonicalDomain,
  copyModel,
  findAttribute,
  Graph,
  getInts,
  getString,
  type ModelProto,
} from "@bitbudget/onnx";
import type { Calibration } from "../calibration/statistics.ts";
import { QuantizeError } from "../errors.ts";
import { type Layer, layersOf } from "../layers.ts";
import { floatsOf } from "./absorb.ts";
import { addToOutput, hasOutputs } from "./biases.ts";
import { factsOf } from "./channel-groups.ts";
import { axisMap, forEachChannel } from "./channel-map.ts";
import { inputChannels } from "./input-channels.ts";
import { activationAxis, statisticsAlong } from "./layer-groups.ts";
import type { Facts } from "./rule.ts";

export interface AbsorbBiasOptions {
  /** Statistics of what goes into the Relus. */
  readonly calibration: Calibration;
  /**
   * How many deviations below its mean a channel is taken to reach; the paper takes 3, for a normal distribution. Default:
   * no lower than the smallest value that was seen, so that nothing changes on the data of the calibration.
   */
  readonly deviations?: number;
}

/** @returns a model that computes the same wherever channels stay above what was absorbed; calibrate again */
export function absorbHighBias(
  model: ModelProto,
  { calibration, deviations }: AbsorbBiasOptions,
): ModelProto {
  if (deviations !== undefined && !(deviations >= 0))
    throw new QuantizeError(`deviations are at least 0, not ${deviations}`);
  const copy = copyModel(model);
  const graph = Graph.of(copy);
  const facts = factsOf(copy, graph);
  const layers = layersOf(graph);
  for (const layer of layers) {
    const pair = pairOf(graph, layers, layer);
    if (pair !== undefined) absorbInto(facts, layer, pair, calibration, deviations);
  }
  graph.sort();
  return copy;
}

interface Pair {
  /** What goes into the Relu. */
  readonly before: string;
  readonly readers: readonly Layer[];
}

/** A layer whose outputs go through a Relu to layers alone. */
function pairOf(graph: Graph, layers: readonly Layer[], layer: Layer): Pair | undefined {
  if (!hasOutputs(layer, graph)) return undefined;
  let [before = ""] = layer.node.output;
  for (;;) {
    const uses = graph.consumers(before);
    const node = uses[0]?.node;
    if (uses.length !== 1 || node === undefined || uses[0]?.owner !== node || graph.isOutput(before))
      return undefined;
    const [out = ""] = node.output;
    if (canonicalDomain(node.domain) !== "") return undefined;
    if (node.opType === "Add" && node.input.some((name) => graph.initializers.has(name))) before = out;
    else if (node.opType === "Relu") {
      const readers = graph
        .consumers(out)
        .map((use) => layers.find((each) => each.node === use.node && use.slot === 0));
      const isClear = readers.every(
        (each) => each !== undefined && hasOutputs(each, graph) && !isPadded(each),
      );
      return isClear && readers.length > 0 && !graph.isOutput(out)
        ? { before, readers: readers.filter((each) => each !== undefined) }
        : undefined;
    } else return undefined;
  }
}

/** At a border of zeros less than W c would be missing. */
function isPadded({ node }: Layer): boolean {
  if (node.opType === "MatMul" || node.opType === "Gemm") return false;
  const pads = getInts(node, "pads", []);
  const auto = findAttribute(node, "auto_pad") === undefined ? "NOTSET" : getString(node, "auto_pad");
  return (
    node.opType === "ConvTranspose" ||
    pads.some((size) => size !== 0) ||
    (auto !== "NOTSET" && auto !== "VALID")
  );
}

function absorbInto(
  facts: Facts,
  layer: Layer,
  { before, readers }: Pair,
  calibration: Calibration,
  deviations: number | undefined,
): void {
  const { graph } = facts;
  const sizes = facts.sizes(before);
  const axis = activationAxis(layer, sizes?.length ?? 0);
  const count = sizes?.[axis];
  if (sizes === undefined || typeof count !== "number") return;
  const map = axisMap(sizes.length, axis, count);
  const found = statisticsAlong(calibration, before, map)?.statistics;
  if (found === undefined) return;
  const surplus = Float64Array.from({ length: count }, (_, c) => {
    const deviation = Math.sqrt(Math.max(0, found.meanSquare[c]! - found.mean[c]! ** 2));
    return Math.max(0, deviations === undefined ? found.min[c]! : found.mean[c]! - deviations * deviation);
  });
  if (surplus.every((size) => size === 0)) return;
  const shifts = readers.map((reader) => outputOf(facts, reader, surplus));
  if (shifts.some((shift) => shift === undefined)) return;
  if (
    !addToOutput(
      graph,
      layer,
      surplus.map((size) => -size),
    )
  )
    return;
  for (const [i, reader] of readers.entries()) {
    const shift = shifts[i];
    if (shift !== undefined) addToOutput(graph, reader, shift);
  }
}

/** What a layer makes of an input that is the same everywhere: W c. */
function outputOf(facts: Facts, layer: Layer, input: Float64Array): Float64Array | undefined {
  const [weight] = layer.weights;
  const read = inputChannels(facts, layer);
  if (weight === undefined || read?.count !== input.length) return undefined;
  const { shape, data } = floatsOf(facts.graph, weight.name);
  const inner = shape.slice(weight.channelAxis + 1).reduce((product, size) => product * size, 1);
  const channels = shape[weight.channelAxis] ?? 0;
  const out = new Float64Array(channels);
  forEachChannel(shape, read.weight, (i, channel) => {
    out[Math.floor(i / inner) % channels]! += data[i]! * input[channel]!;
  });
  return out;
}
