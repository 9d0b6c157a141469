/** Operators that end a group: their weights take the factors up, along the axis of inputs or that of outputs. */
import { getInt, type NodeProto } from "@bitbudget/onnx";
import { along, type ChannelMap, channelsAlong, type Sizes } from "./channel-map.ts";
import type { Facts, Rule, ScaledConstant, Step } from "./rule.ts";

const NO_WAY: readonly Step[] = [];

function weight(node: NodeProto, slot: number, map: ChannelMap, power: 1 | -1): ScaledConstant {
  return { node, slot, map, power, isWeight: true };
}

function vector(node: NodeProto, slot: number, channels: Int32Array, power: 1 | -1): ScaledConstant {
  return { node, slot, map: along(1, 0, channels), power, isWeight: false };
}

/** The shape of a constant operand; undefined where it is none. */
function constantShape(facts: Facts, name: string | undefined): readonly number[] | undefined {
  const sizes: Sizes | undefined = name && facts.isConstant(name) ? facts.sizes(name) : undefined;
  return sizes?.map(Number);
}

/** Operands that are given must be constants. */
function isAbsentOrConstant(facts: Facts, name: string | undefined): boolean {
  return name === undefined || name === "" || facts.isConstant(name);
}

/** Channels of all of an axis, where one stands for many. */
function expanded(channels: Int32Array | undefined, count: number): Int32Array | undefined {
  if (channels?.length === 1) return new Int32Array(count).fill(channels[0]!);
  return channels?.length === count ? channels : undefined;
}

/** Weights [outputs, inputs / groups, ...]. */
const conv: Rule = (facts, node, { side, slot, map }) => {
  const shape = constantShape(facts, node.input[1]);
  if (shape === undefined || !isAbsentOrConstant(facts, node.input[2])) return NO_WAY;
  const [outputs = 0, size = 0] = shape;
  const groups = getInt(node, "group", 1);
  if (side === "output") {
    const channels = expanded(channelsAlong(map, 1), outputs);
    if (channels === undefined) return NO_WAY;
    const constants = [weight(node, 1, along(shape.length, 0, channels), -1)];
    if (node.input[2]) constants.push(vector(node, 2, channels, -1));
    return [{ constants }];
  }
  const channels = expanded(channelsAlong(map, 1), size * groups);
  if (slot !== 0 || channels === undefined) return NO_WAY;
  return [{ constants: [weight(node, 1, groupedMap(shape, groups, channels), 1)] }];
};

/** Channels of weights whose first axis is in groups that see other channels along the second axis. */
function groupedMap(shape: readonly number[], groups: number, channels: Int32Array): ChannelMap {
  if (groups === 1) return along(shape.length, 1, channels);
  const [rows = 0, size = 0] = shape;
  const grouped = Int32Array.from(
    { length: rows * size },
    (_, i) => channels[Math.floor(i / size / (rows / groups)) * size + (i % size)]!,
  );
  return { shape: shape.map((length, axis) => (axis < 2 ? length : 1)), channels: grouped };
}

/** Weights [inputs, outputs / groups, ...]. */
const convTranspose: Rule = (facts, node, { side, slot, map }) => {
  const shape = constantShape(facts, node.input[1]);
  if (shape === undefined || !isAbsentOrConstant(facts, node.input[2])) return NO_WAY;
  const [inputs = 0, size = 0] = shape;
  const groups = getInt(node, "group", 1);
  if (side === "output") {
    const channels = expanded(channelsAlong(map, 1), size * groups);
    if (channels === undefined) return NO_WAY;
    const constants = [weight(node, 1, groupedMap(shape, groups, channels), -1)];
    if (node.input[2]) constants.push(vector(node, 2, channels, -1));
    return [{ constants }];
  }
  const channels = expanded(channelsAlong(map, 1), inputs);
  if (slot !== 0 || channels === undefined) return NO_WAY;
  return [{ constants: [weight(node, 1, along(shape.length, 0, channels), 1)] }];
};

const gemm: Rule = (facts, node, { side, slot, map }) => {
  const shape = constantShape(facts, node.input[1]);
  if (shape?.length !== 2 || !isAbsentOrConstant(facts, node.input[2])) return NO_WAY;
  const channels = channelsAlong(map, 1);
  const isTransposed = getInt(node, "transB", 0) === 1;
  if (channels === undefined || getInt(node, "transA", 0) === 1) return NO_WAY;
  if (side === "input")
    return slot === 0
      ? [{ constants: [weight(node, 1, along(2, isTransposed ? 1 : 0, channels), 1)] }]
      : NO_WAY;
  const constants = [weight(node, 1, along(2, isTransposed ? 0 : 1, channels), -1)];
  if (node.input[2]) constants.push({ node, slot: 2, map, power: -1, isWeight: false });
  return [{ constants }];
};

/** A product with a constant that takes factors up, or of which one operand is divided: values of attention, say. */
const matMul: Rule = (facts, node, { side, slot, map }) => {
  const rank = map.shape.length;
  const [out = ""] = node.output;
  const taken = (at: 0 | 1): Step[] => {
    const shape = constantShape(facts, node.input[at]);
    // Channels lie along the axis of sums of what is read, and along the other one of what is made.
    const channels = channelsAlong(map, at === 1 ? rank - 1 : rank - 2);
    if (shape === undefined || shape.length < 2 || rank < 2 || channels === undefined) return [];
    const [rows, columns] = [shape.length - 2, shape.length - 1];
    const axis = (at === 1) === (side === "input") ? rows : columns;
    return [
      { constants: [weight(node, at, along(shape.length, axis, channels), side === "input" ? 1 : -1)] },
    ];
  };
  const through = (at: 0 | 1): Step[] => {
    const name = node.input[at] ?? "";
    const sumAxis = at === 0 ? rank - 1 : rank - 2;
    if (rank < 2 || map.shape[sumAxis] !== 1 || facts.isConstant(name)) return [];
    const values = [name, out].map((value) => [value, map] as const);
    return [{ values, fixed: [node.input[1 - at] ?? ""] }];
  };
  if (side === "input") return [...taken(slot === 0 ? 1 : 0), ...through(slot === 0 ? 0 : 1)];
  return [...taken(1), ...taken(0), ...through(1), ...through(0)];
};

/** Rows of a table: the last axis of what is gathered is that of the table. */
const gather: Rule = (facts, node, { side, map }) => {
  const shape = constantShape(facts, node.input[0]);
  const channels = channelsAlong(map, map.shape.length - 1);
  if (side === "input" || shape?.length !== 2 || getInt(node, "axis", 0) !== 0 || channels === undefined)
    return NO_WAY;
  return [{ constants: [weight(node, 0, along(2, 1, channels), -1)] }];
};

const batchNorm: Rule = (facts, node, { side, slot, map }) => {
  const channels = channelsAlong(map, 1);
  const isConstant = node.input.slice(1).every((name) => facts.isConstant(name));
  if (channels === undefined || !isConstant || getInt(node, "training_mode", 0) !== 0 || slot !== 0)
    return NO_WAY;
  // As input: (v / s - mean / s) * (scale * s), with the deviation as it was.
  return side === "output"
    ? [{ constants: [vector(node, 1, channels, -1), vector(node, 2, channels, -1)] }]
    : [{ constants: [vector(node, 1, channels, 1), vector(node, 3, channels, -1)] }];
};

/** Normalizations end with a scale and a shift for each channel; nothing can be moved into them from before. */
function norm(axis: 1 | -1, ...slots: readonly number[]): Rule {
  return (facts, node, { side, slot, map }) => {
    const channels = channelsAlong(map, axis === 1 ? 1 : map.shape.length - 1);
    const given = slots.filter((each) => (node.input[each] ?? "") !== "");
    const fits = given.every((each) => constantShape(facts, node.input[each])?.length === 1);
    if (side === "input" || slot !== 0 || channels === undefined || !fits) return NO_WAY;
    return [{ constants: given.map((each) => vector(node, each, channels, -1)) }];
  };
}

export const linearRules: Readonly<Record<string, Rule>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  Gemm: gemm,
  MatMul: matMul,
  Gather: gather,
  BatchNormalization: batchNorm,
  LayerNormalization: norm(-1, 1, 2),
  RMSNormalization: norm(-1, 1),
  SimplifiedLayerNormalization: norm(-1, 1),
  InstanceNormalization: norm(1, 1, 2),
  GroupNormalization: norm(1, 1, 2),
  "com.microsoft.SkipLayerNormalization": norm(-1, 2, 3),
  "com.microsoft.SkipSimplifiedLayerNormalization": norm(-1, 2),
};
