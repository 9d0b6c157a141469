/**
 * What a rule says: if a value is divided channel by channel, which values around a node have to be divided with it, and
 * which of its constants take the factors up, so that the model computes the same.
 */
import type { Graph, NodeProto } from "@bitbudget/onnx";
import type { ChannelMap, Sizes } from "./channel-map.ts";

export interface Facts {
  readonly graph: Graph;
  /** Of a value or an initializer; undefined where the rank is not known. */
  sizes(name: string): Sizes | undefined;
  /** Whether it is a float32 initializer of the main graph. */
  isConstant(name: string): boolean;
  /** Whether a Clip may give up its upper bound, or get one for each channel. */
  mayScaleBound(node: NodeProto): boolean;
}

/** Where a value that is divided meets a node. */
export interface Touch {
  readonly side: "input" | "output";
  readonly slot: number;
  readonly map: ChannelMap;
}

/** A constant operand that is multiplied with the factors of its channels, or divided by them. */
export interface ScaledConstant {
  readonly node: NodeProto;
  readonly slot: number;
  /** Broadcast to the constant, or the constant to it. */
  readonly map: ChannelMap;
  readonly power: 1 | -1;
  /** Whether it is the weight of a layer, rather than a bias or a part of a normalization. */
  readonly isWeight: boolean;
}

export interface Step {
  /** Values that are divided, too. */
  readonly values?: readonly (readonly [name: string, map: ChannelMap])[];
  readonly constants?: readonly ScaledConstant[];
  /** Values that must not be divided: the other factor of a product. */
  readonly fixed?: readonly string[];
  /** A Clip whose upper bound is divided, or dropped. */
  readonly bound?: NodeProto;
}

/** Ways in which a node can go along, the best first; none where it cannot. */
export type Rule = (facts: Facts, node: NodeProto, touch: Touch) => readonly Step[];
