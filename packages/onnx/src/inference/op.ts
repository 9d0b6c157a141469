/** A node as its rule sees it: inputs with what is known of them, attributes with defaults, the operator's version. */
import { InferenceError, type Place } from "../errors.ts";
import * as attributes from "../graph/attributes.ts";
import { placeOf } from "../graph/place.ts";
import type { GraphProto, NodeProto } from "../proto.ts";
import { type ElementType, elementType } from "../tensor/formats.ts";
import { toNumber } from "./contents.ts";
import type { MaybeDim } from "./dim.ts";
import { type Shape, unknown, type Value } from "./value.ts";

/** Outputs of a node from its inputs; fewer than the node has means that nothing is known of the rest. */
export type Rule = (op: Op) => readonly Value[];

/** Rules by operator name. */
export type Rules = Readonly<Record<string, Rule>>;

/** Infers a subgraph from what goes into it, in sight of the values around. */
export type InferSubgraph = (graph: GraphProto, inputs: readonly Value[]) => readonly Value[];

export class Op {
  readonly node: NodeProto;
  /** Version of the operator set that the model imports for the node's domain. */
  readonly version: number;
  readonly inputs: readonly (Value | undefined)[];
  readonly inferSubgraph: InferSubgraph;

  constructor(
    node: NodeProto,
    version: number,
    inputs: readonly (Value | undefined)[],
    inferSubgraph: InferSubgraph,
  ) {
    this.node = node;
    this.version = version;
    this.inputs = inputs;
    this.inferSubgraph = inferSubgraph;
  }

  /** Whether an optional input is there. */
  has(index: number): boolean {
    return (this.node.input[index] ?? "") !== "";
  }

  input(index: number): Value {
    return this.inputs[index] ?? unknown;
  }

  dtype(index: number): ElementType | undefined {
    return this.input(index).dtype;
  }

  shape(index: number): Shape | undefined {
    return this.input(index).shape;
  }

  rank(index: number): number | undefined {
    return this.input(index).shape?.length;
  }

  dim(index: number, axis: number): MaybeDim {
    return this.input(index).shape?.at(axis);
  }

  /** Elements of an input as far as they are known; all of them may be expressions. */
  data(index: number): Shape | undefined {
    return this.input(index).data;
  }

  /** Elements of an input, when every one is a known number. */
  numbers(index: number): readonly number[] | undefined {
    const data = this.data(index);
    return data?.every((element) => typeof element === "number") ? (data as readonly number[]) : undefined;
  }

  int(name: string, fallback?: number): number {
    return attributes.getInt(this.node, name, fallback);
  }

  ints(name: string, fallback?: readonly number[]): readonly number[] {
    return attributes.getInts(this.node, name, fallback);
  }

  float(name: string, fallback?: number): number {
    return attributes.getFloat(this.node, name, fallback);
  }

  /** INTS that may lie beyond 2^53, as the ends of slices do: those are infinite. */
  bounds(name: string): readonly number[] {
    return attributes.findAttribute(this.node, name)?.ints.map(toNumber) ?? this.ints(name);
  }

  floats(name: string, fallback?: readonly number[]): readonly number[] {
    return attributes.getFloats(this.node, name, fallback);
  }

  strings(name: string, fallback?: readonly string[]): readonly string[] {
    return attributes.getStrings(this.node, name, fallback);
  }

  string(name: string, fallback?: string): string {
    return attributes.getString(this.node, name, fallback);
  }

  graph(name: string): GraphProto {
    return attributes.getGraph(this.node, name);
  }

  hasAttribute(name: string): boolean {
    return attributes.findAttribute(this.node, name) !== undefined;
  }

  /** The format that an attribute names by number, or a fallback when it is absent. */
  dtypeAttribute(name: string, fallback?: ElementType): ElementType | undefined {
    return this.hasAttribute(name) ? this.dtypeOf(this.int(name)) : fallback;
  }

  /** The format with a number. @throws InferenceError when there is none */
  dtypeOf(number: number): ElementType {
    return elementType(number) ?? this.fail(`${number} is no data type`);
  }

  /** An axis counted from the front. @throws InferenceError when a tensor of that rank does not have it */
  axis(axis: number, rank: number): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
      this.fail(`axis ${axis} does not exist in ${rank} dimensions`);
    return axis < 0 ? axis + rank : axis;
  }

  /** Ends the inference with an error that names the node. */
  fail(detail: string): never {
    const place: Place = placeOf(this.node);
    throw new InferenceError(`node ${JSON.stringify(place.node)} (${this.node.opType}): ${detail}`, place);
  }
}
