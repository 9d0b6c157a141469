/**
 * Moves factors into the constants of a group, so that values come out divided by them and the model computes the same.
 * Written once, for every method that finds factors: equalization, SmoothQuant, AWQ.
 */
import { type Graph, makeNode, type NodeProto, tensorValue, toTensorProto } from "@bitbudget/onnx";
import { QuantizeError } from "../errors.ts";
import type { ChannelGroup } from "./channel-groups.ts";
import { broadcast, type ChannelMap, forEachChannel, NONE } from "./channel-map.ts";
import type { ScaledConstant } from "./rule.ts";

export interface Floats {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A float32 initializer, which must not be written into. @throws QuantizeError for anything else */
export function floatsOf(graph: Graph, name: string): Floats {
  const proto = graph.initializers.get(name);
  const found = proto === undefined ? undefined : tensorValue(proto);
  if (found === undefined || !(found.data instanceof Float32Array))
    throw new QuantizeError(
      `${JSON.stringify(name)} is no float32 initializer of the main graph; convert the model to float32 first`,
    );
  return { shape: found.shape, data: found.data };
}

/** Puts a tensor in the place of an operand; others who use the old one keep it. */
export function replaceConstant(graph: Graph, node: NodeProto, slot: number, value: Floats): void {
  const name = node.input[slot] ?? "";
  const isShared = graph.consumers(name).length > 1 || graph.isOutput(name);
  const target = isShared ? graph.uniqueName(`${name}_scaled`) : name;
  graph.initializers.set(toTensorProto({ dtype: "float32", shape: value.shape, data: value.data }, target));
  if (isShared) graph.setInput(node, slot, target);
}

/**
 * Divides the values of a group by its factors.
 * @param factors one for each channel, positive and finite
 * @param dropBound whether a Clip loses its upper bound, instead of getting one for each channel; default: none does
 * @throws QuantizeError for factors that are not positive and finite, or too few
 */
export function absorb(
  graph: Graph,
  group: ChannelGroup,
  factors: ArrayLike<number>,
  dropBound: (node: NodeProto) => boolean = () => false,
): void {
  const list = Array.from(factors);
  if (list.length !== group.channels || !list.every((factor) => factor > 0 && factor < Infinity))
    throw new QuantizeError(
      `a group of ${group.channels} channels needs as many positive finite factors, not [${list.slice(0, 8).join(", ")}${list.length > 8 ? ", ..." : ""}]`,
    );
  for (const constant of group.constants) {
    const { node, slot } = constant;
    const value = floatsOf(graph, node.input[slot] ?? "");
    replaceConstant(graph, node, slot, scaled(value, constant, factors));
  }
  for (const node of group.bounds) {
    const map = group.values.get(node.output[0] ?? "");
    if (map !== undefined) scaleBound(graph, node, map, factors, dropBound(node));
  }
}

/** A constant with its factors, repeated along axes of the channels where it was the same for all of them. */
export function scaled(
  value: Floats,
  { map, power }: Pick<ScaledConstant, "map" | "power">,
  factors: ArrayLike<number>,
): Floats {
  const shape = joined(value.shape, map.shape);
  const data = repeated(value, shape);
  forEachChannel(shape, map, (i, channel) => {
    if (channel === NONE) return;
    data[i] = power === 1 ? data[i]! * factors[channel]! : data[i]! / factors[channel]!;
  });
  return { shape, data };
}

/** A copy, broadcast to a shape. */
function repeated({ shape, data }: Floats, to: readonly number[]): Float32Array {
  if (shape.join() === to.join()) return data.slice();
  const elements = Int32Array.from({ length: data.length }, (_, i) => i);
  return Float32Array.from(broadcast({ shape, channels: elements }, to).channels, (i) => data[i]!);
}

/** The shape of two that are broadcast to each other, without axes in front that neither needs. */
function joined(a: readonly number[], b: readonly number[]): number[] {
  let start = 0;
  while (b.length - start > a.length && b[start] === 1) start++;
  const trimmed = b.slice(start);
  const rank = Math.max(a.length, trimmed.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    return x === 1 ? (trimmed[axis - rank + trimmed.length] ?? 1) : x;
  });
}

/** Clip(x, 0, b) of a value that is divided: Relu, and the minimum with b / s unless the bound is dropped. */
function scaleBound(
  graph: Graph,
  node: NodeProto,
  map: ChannelMap,
  factors: ArrayLike<number>,
  isDropped: boolean,
): void {
  const [input = "", low = "", high = ""] = node.input;
  const [output = ""] = node.output;
  const hasLow = low !== "" && floatsOf(graph, low).data[0] === 0;
  if (isDropped) {
    graph.replaceNode(node, makeNode(hasLow ? "Relu" : "Identity", [input], [output], { name: node.name }));
    return;
  }
  const bound = floatsOf(graph, high);
  const name = graph.uniqueName(`${high}_scaled`);
  const value = scaled({ shape: [], data: bound.data.slice(0, 1) }, { map, power: -1 }, factors);
  graph.initializers.set(toTensorProto({ dtype: "float32", ...value }, name));
  const rectified = hasLow ? graph.uniqueName(`${output}_rectified`) : input;
  const min = makeNode("Min", [rectified, name], [output], { name: node.name });
  if (!hasLow) graph.replaceNode(node, min);
  else
    graph.replaceNode(
      node,
      makeNode("Relu", [input], [rectified], { name: graph.uniqueName(`${node.name}_relu`) }),
      min,
    );
}
