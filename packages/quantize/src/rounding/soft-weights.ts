/**
 * Weights that are not decided yet, as nodes of a model: factor * (below + h * (above - below)), where h goes from 0 to 1 as
 * the stretched sigmoid of a parameter, and the factor of each group is a parameter, too.
 */
import { tensor } from "@bitbudget/core";
import { type Graph, makeNode, toTensorProto } from "@bitbudget/onnx";
import { between, logitOf, STRETCH } from "./adaround.ts";
import { numberOf, type Rounded, unitOf } from "./grid.ts";

/** Names of values in the model. */
export interface SoftWeight {
  readonly weight: string;
  /** Parameters. */
  readonly logits: string;
  readonly factors: string;
  /** The soft choice. */
  readonly choice: string;
  /** Rank of the number below each weight. */
  readonly lows: Uint16Array;
  readonly rounded: Rounded;
}

/**
 * Replaces an initializer by nodes. Each weight may become the number that it was rounded to, or the one beside that, on the
 * side on which the float weight is.
 * @param pull how far the choice starts from the float weight towards what it was rounded to, 0 to 1
 */
export function soften(
  graph: Graph,
  name: string,
  rounded: Rounded,
  float: Float32Array,
  pull: number,
): SoftWeight {
  const { grid, ranks } = rounded;
  const { shape, groupOf, scales } = grid;
  const { length } = float;
  const lows = new Uint16Array(length);
  const [below, span, logits] = [
    new Float32Array(length),
    new Float32Array(length),
    new Float32Array(length),
  ];
  for (let i = 0; i < length; i++) {
    const group = groupOf[i]!;
    const rank = ranks[i]!;
    const nearby = between(grid, group, float[i]!);
    const isNeighbour = rank === nearby.low || rank === nearby.low + 1;
    const isAbove = float[i]! > numberOf(grid, group, rank);
    const low = isNeighbour ? nearby.low : Math.min(Math.max(isAbove ? rank : rank - 1, 0), grid.count - 2);
    const part = isNeighbour ? nearby.part : isAbove ? 1 : 0;
    lows[i] = low;
    below[i] = unitOf(grid, group, low) * scales[group]!;
    span[i] = unitOf(grid, group, low + 1) * scales[group]! - below[i]!;
    logits[i] = logitOf(part + pull * (rank - low - part));
  }
  const own = (suffix: string) => graph.uniqueName(`${name}_${suffix}`);
  const constant = (suffix: string, dims: readonly number[], data: Float32Array) => {
    const each = own(suffix);
    graph.initializers.set(toTensorProto(tensor("float32", dims, data), each));
    return each;
  };
  const names = {
    logits: constant("logits", shape, logits),
    factors: constant("factors", [grid.groups.count], new Float32Array(grid.groups.count).fill(1)),
    choice: own("choice"),
  };
  const groups = own("groups");
  graph.initializers.set(toTensorProto(tensor("int32", shape, groupOf), groups));
  const { zeta, gamma } = STRETCH;
  const hold = own("held");
  // The name is free only when nothing uses it.
  graph.replaceAllUses(name, hold);
  graph.initializers.delete(name);
  const scalar = (suffix: string, x: number) => constant(suffix, [], Float32Array.of(x));
  const [sigmoid, wide, reach, moved, unit, factor] = [
    "sigmoid",
    "wide",
    "reach",
    "moved",
    "unit",
    "factor",
  ].map(own);
  for (const node of [
    makeNode("Sigmoid", [names.logits], [sigmoid!]),
    makeNode("Mul", [sigmoid!, scalar("stretch", zeta - gamma)], [wide!]),
    makeNode("Add", [wide!, scalar("offset", gamma)], [reach!]),
    makeNode("Clip", [reach!, scalar("zero", 0), scalar("one", 1)], [names.choice]),
    makeNode("Mul", [names.choice, constant("span", shape, span)], [moved!]),
    makeNode("Add", [moved!, constant("below", shape, below)], [unit!]),
    makeNode("Gather", [names.factors, groups], [factor!]),
    makeNode("Mul", [unit!, factor!], [hold]),
  ])
    graph.insert(node);
  graph.sort();
  return { weight: name, ...names, lows, rounded };
}

/** The weight as it was decided: of each choice the nearer end. */
export function harden(
  { lows, rounded: { grid } }: SoftWeight,
  logits: Float32Array,
  factors: Float32Array,
): Rounded {
  const ranks = lows.map((low, i) => low + Number(logits[i]! >= 0));
  return { grid: { ...grid, scales: grid.scales.map((scale, i) => scale * factors[i]!) }, ranks };
}
