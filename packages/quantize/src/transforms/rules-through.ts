/** Operators that factors pass through: f(x / s) = f(x) / s for positive s, and moves of elements. */
import { valuesOf } from "@bitbudget/core";
import { findAttribute, getInt, getInts, type NodeProto, tensorValue } from "@bitbudget/onnx";
import { type ChannelMap, NONE, placed, reshaped, type Sizes, sliced, transposed } from "./channel-map.ts";
import type { Rule, Step } from "./rule.ts";

const NO_WAY: readonly Step[] = [];

/** Elements stay where they are, or are combined with those of their channel alone. */
const same: Rule = (_facts, node, { map, slot, side }) =>
  slot !== 0 && side === "output" ? NO_WAY : [{ values: ends(node, map) }];

function ends(node: NodeProto, map: ChannelMap): [string, ChannelMap][] {
  return [
    [node.input[0] ?? "", map],
    [node.output[0] ?? "", map],
  ];
}

/** Windows and interpolation along other axes than those of channels: `covers` refuses sizes that change. */
const spatial: Rule = (_facts, node, { map, slot }) => {
  if (slot !== 0 || map.shape.slice(2).some((size) => size !== 1)) return NO_WAY;
  return [{ values: ends(node, map) }];
};

/** Sums, and extremes: a constant operand is divided with the rest. */
const sum: Rule = (facts, node, { map }) => {
  const [out = ""] = node.output;
  const at = node.input.findIndex((name) => facts.isConstant(name));
  const values = [...node.input.filter((_, slot) => slot !== at), out].map((name) => [name, map] as const);
  if (at < 0) return [{ values }];
  return [{ values, constants: [{ node, slot: at, map, power: -1, isWeight: false }] }];
};

/** One factor of a product is divided; if one is a constant, it takes the factors up. */
const product: Rule = (facts, node, { side, slot, map }) => {
  const [a = "", b = ""] = node.input;
  const [out = ""] = node.output;
  const isQuotient = node.opType === "Div";
  const at = [1, 0].find((each) => facts.isConstant(node.input[each] ?? ""));
  if (at !== undefined) {
    if (isQuotient && at === 0) return NO_WAY;
    const power = (side === "input") !== isQuotient ? 1 : -1;
    return [{ constants: [{ node, slot: at, map, power, isWeight: false }] }];
  }
  const through = (divided: string, other: string): Step => ({
    values: [
      [divided, map],
      [out, map],
    ],
    fixed: [other],
  });
  if (side === "input") {
    if (isQuotient && slot === 1) return NO_WAY;
    return [slot === 0 ? through(a, b) : through(b, a)];
  }
  return isQuotient ? [through(a, b)] : [through(b, a), through(a, b)];
};

/** Rectified, with an upper bound or without. */
const clip: Rule = (facts, node, touch) => {
  const bound = (slot: number, fallback: number) => {
    const name = node.input[slot] ?? "";
    if (name === "") return fallback;
    const proto = facts.isConstant(name) ? facts.graph.initializers.get(name) : undefined;
    return proto === undefined ? Number.NaN : valuesOf(tensorValue(proto))[0];
  };
  const low = bound(1, -Infinity);
  const high = bound(2, Infinity);
  if (touch.slot !== 0 || !(low === 0 || low === -Infinity)) return NO_WAY;
  if (high === Infinity) return same(facts, node, touch);
  if (high === undefined || !(high > 0) || !facts.mayScaleBound(node)) return NO_WAY;
  return [{ values: ends(node, touch.map), bound: node }];
};

const transpose: Rule = (_facts, node, { side, map }) => {
  const reversed = map.shape.map((_, axis) => map.shape.length - 1 - axis);
  const permutation = getInts(node, "perm", reversed);
  if (side === "input") return [{ values: [[node.output[0] ?? "", transposed(map, permutation)]] }];
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return [{ values: [[node.input[0] ?? "", transposed(map, inverse)]] }];
};

const reshape: Rule = (facts, node, { side, slot, map }) => {
  const [from = ""] = side === "input" ? node.input : node.output;
  const [to = ""] = side === "input" ? node.output : node.input;
  const [before, after] = [facts.sizes(from), facts.sizes(to)];
  if (slot !== 0 || before === undefined || after === undefined) return NO_WAY;
  const moved = reshaped(map, before, after);
  return moved === undefined ? NO_WAY : [{ values: [[to, moved]] }];
};

/** Axes that are repeated, reduced or padded must not be those of channels. */
const otherAxes: Rule = (facts, node, { slot, map }) => {
  const [from, to] = [node.input[0] ?? "", node.output[0] ?? ""].map((name) => facts.sizes(name));
  if (slot !== 0 || from === undefined || to?.length !== from.length) return NO_WAY;
  const isApart = map.shape.every((size, axis) => size === 1 || from[axis] === to[axis]);
  return isApart ? [{ values: ends(node, map) }] : NO_WAY;
};

/** Padding with zeros, or with elements of the channel. */
const pad: Rule = (facts, node, touch) =>
  (node.input[2] ?? "") === "" ? otherAxes(facts, node, touch) : NO_WAY;

const concat: Rule = (facts, node, { side, slot, map }) => {
  const sizes: (Sizes | undefined)[] = node.input.map((name) => facts.sizes(name));
  const rank = map.shape.length;
  const axis = (getInt(node, "axis") + rank) % rank;
  const lengths = sizes.map((each) => each?.[axis]);
  const [out = ""] = node.output;
  const starts: number[] = [];
  let total = 0;
  for (const length of lengths) {
    if (typeof length !== "number") return NO_WAY;
    starts.push(total);
    total += length;
  }
  // Parts beside each other that share their channels: all are divided.
  if (map.shape[axis] === 1 && total !== 1)
    return [{ values: [...node.input, out].map((name) => [name, map]) }];
  if (side === "input") return [{ values: [[out, placed(map, axis, starts[slot]!, total)]] }];
  const values = node.input
    .map((name, i) => [name, sliced(map, axis, starts[i]!, starts[i]! + Number(lengths[i]))] as const)
    .filter(([, { channels }]) => channels.some((channel) => channel !== NONE));
  return [{ values }];
};

/** PRelu has a slope for negative numbers, which stays. */
const prelu: Rule = (facts, node, touch) =>
  facts.isConstant(node.input[1] ?? "") && touch.slot === 0 ? same(facts, node, touch) : NO_WAY;

/** Resize is linear, unless it fills in a value of its own. */
const resize: Rule = (facts, node, touch) =>
  findAttribute(node, "extrapolation_value") === undefined ? otherAxes(facts, node, touch) : NO_WAY;

/** What only asks for the shape does not see the numbers. */
const shape: Rule = () => [{}];

export const throughRules: Readonly<Record<string, Rule>> = {
  Identity: same,
  Relu: same,
  LeakyRelu: same,
  PRelu: prelu,
  Abs: same,
  Neg: same,
  Dropout: same,
  Clip: clip,
  Add: sum,
  Sub: sum,
  Min: sum,
  Max: sum,
  Mul: product,
  Div: product,
  MaxPool: spatial,
  AveragePool: spatial,
  GlobalAveragePool: spatial,
  GlobalMaxPool: spatial,
  Transpose: transpose,
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Tile: otherAxes,
  Expand: otherAxes,
  ReduceMean: otherAxes,
  ReduceSum: otherAxes,
  ReduceMax: otherAxes,
  ReduceMin: otherAxes,
  Pad: pad,
  Resize: resize,
  Concat: concat,
  Shape: shape,
  Size: shape,
};
