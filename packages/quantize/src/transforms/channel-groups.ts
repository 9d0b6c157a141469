/**
 * Groups of values and constants that can be scaled together, channel by channel, without changing what a model computes.
 *
 * A group grows from one value: whoever makes it and whoever reads it must take the factors up or hand them on, until
 * constants on all sides have taken them up. Where one cannot (a graph's output, a Sigmoid), there is no group.
 */
import {
  canonicalDomain,
  type Graph,
  inferShapes,
  type ModelProto,
  type NodeProto,
  TensorProto_DataType,
} from "@bitbudget/onnx";
import { type ChannelMap, covers, sameMap } from "./channel-map.ts";
import type { Facts, Rule, ScaledConstant, Step, Touch } from "./rule.ts";
import { linearRules } from "./rules-linear.ts";
import { throughRules } from "./rules-through.ts";

export interface ChannelGroup {
  /** Of the factors. */
  readonly channels: number;
  /** Values that are divided by the factors. */
  readonly values: ReadonlyMap<string, ChannelMap>;
  /** Constants that take them up. */
  readonly constants: readonly ScaledConstant[];
  /** Clips whose upper bounds are divided. */
  readonly bounds: readonly NodeProto[];
}

/** A model may have products in a row, whose factors are either the one or the other: after this many tries it is refused. */
const TRIES = 4096;

export interface FactsOptions {
  /** Default: none may. */
  readonly mayScaleBound?: (node: NodeProto) => boolean;
}

/** What rules ask about a model. */
export function factsOf(model: ModelProto, graph: Graph, options: FactsOptions = {}): Facts {
  const { types } = inferShapes(model);
  return {
    graph,
    sizes(name) {
      const constant = graph.initializers.get(name);
      if (constant !== undefined) return constant.dims.map(Number);
      const type = types.get(name);
      return type?.kind === "tensor" ? type.shape : undefined;
    },
    isConstant: (name) => graph.initializers.get(name)?.dataType === TensorProto_DataType.FLOAT,
    mayScaleBound: options.mayScaleBound ?? (() => false),
  };
}

/** The group that a value is in; undefined where its channels cannot be scaled. */
export function channelGroup(facts: Facts, value: string, map: ChannelMap): ChannelGroup | undefined {
  const state: State = {
    values: new Map(),
    constants: new Map(),
    fixed: new Set(),
    bounds: new Set(),
    pending: [],
  };
  if (!enter(facts, state, { values: [[value, map]] })) return undefined;
  const settled = settle(facts, state, { left: TRIES });
  if (settled === undefined) return undefined;
  const channels = map.channels.reduce((most, channel) => Math.max(most, channel), 0) + 1;
  return {
    channels,
    values: settled.values,
    constants: [...settled.constants.values()],
    bounds: [...settled.bounds],
  };
}

interface State {
  readonly values: Map<string, ChannelMap>;
  readonly constants: Map<string, ScaledConstant>;
  readonly fixed: Set<string>;
  readonly bounds: Set<NodeProto>;
  readonly pending: { readonly node: NodeProto; readonly touch: Touch }[];
}

function settle(facts: Facts, state: State, tries: { left: number }): State | undefined {
  for (let next = state.pending.pop(); next !== undefined; next = state.pending.pop()) {
    if (--tries.left < 0) return undefined;
    const { node, touch } = next;
    const steps = ruleOf(node)?.(facts, node, touch) ?? [];
    const [only] = steps;
    if (only === undefined) return undefined;
    if (steps.length === 1) {
      if (!enter(facts, state, only)) return undefined;
      continue;
    }
    for (const step of steps) {
      const branch = copyState(state);
      const settled = enter(facts, branch, step) ? settle(facts, branch, tries) : undefined;
      if (settled !== undefined) return settled;
    }
    return undefined;
  }
  return state;
}

function ruleOf(node: NodeProto): Rule | undefined {
  const domain = canonicalDomain(node.domain);
  const name = domain === "" ? node.opType : `${domain}.${node.opType}`;
  for (const rules of [linearRules, throughRules]) if (Object.hasOwn(rules, name)) return rules[name];
  return undefined;
}

/** Takes a step into the state. Whether it agrees with what is there. */
function enter(
  facts: Facts,
  state: State,
  { values = [], constants = [], fixed = [], bound }: Step,
): boolean {
  for (const name of fixed) {
    if (state.values.has(name)) return false;
    state.fixed.add(name);
  }
  for (const [name, map] of values) if (!enterValue(facts, state, name, map)) return false;
  for (const constant of constants) {
    const key = `${constant.slot} ${constant.node.output[0]}`;
    const before = state.constants.get(key);
    if (before !== undefined && (before.power !== constant.power || !sameMap(before.map, constant.map)))
      return false;
    state.constants.set(key, constant);
  }
  if (bound !== undefined) state.bounds.add(bound);
  return true;
}

function enterValue(facts: Facts, state: State, name: string, map: ChannelMap): boolean {
  const { graph } = facts;
  const before = state.values.get(name);
  if (before !== undefined) return sameMap(before, map);
  const producer = graph.producer(name);
  if (producer === undefined || graph.isOutput(name) || state.fixed.has(name)) return false;
  if (!covers(map, facts.sizes(name))) return false;
  state.values.set(name, map);
  state.pending.push({ node: producer, touch: { side: "output", slot: producer.output.indexOf(name), map } });
  for (const { node, owner, slot } of graph.consumers(name)) {
    if (owner !== node) return false;
    state.pending.push({ node, touch: { side: "input", slot, map } });
  }
  return true;
}

function copyState({ values, constants, fixed, bounds, pending }: State): State {
  return {
    values: new Map(values),
    constants: new Map(constants),
    fixed: new Set(fixed),
    bounds: new Set(bounds),
    pending: [...pending],
  };
}
