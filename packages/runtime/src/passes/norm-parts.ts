/** What layer and root-mean-square normalizations consist of when they are spelled out. */
import { valuesOf } from "@bitbudget/core";
import { type Graph, getInt, getInts, type NodeProto } from "@bitbudget/onnx";
import { constant, constantNumber, isOp } from "./match.ts";

/** The value whose mean square a node is the root of, and what is added before: sqrt(mean(value^2) + epsilon). */
export interface MeanSquare {
  readonly value: string;
  readonly epsilon: number;
}

/** Taken over the last axis, which stays with length 1. */
export function rootOfMeanSquare(graph: Graph, root: NodeProto | undefined): MeanSquare | undefined {
  const shifted = isOp(root, "Sqrt") ? graph.producer(root.input[0] ?? "") : undefined;
  if (!isOp(shifted, "Add")) return undefined;
  const epsilonAt = shifted.input.findIndex((name) => constantNumber(graph, name) !== undefined);
  const epsilon = constantNumber(graph, shifted.input[epsilonAt]);
  const mean = graph.producer(shifted.input[1 - epsilonAt] ?? "");
  const square = graph.producer(mean?.input[0] ?? "");
  const value = square?.input[0] ?? "";
  if (epsilon === undefined || !isSquare(graph, square, value)) return undefined;
  if (!isMeanOfLastAxis(graph, mean, square.output[0])) return undefined;
  return { value, epsilon };
}

export function isMeanOfLastAxis(
  graph: Graph,
  node: NodeProto | undefined,
  x: string | undefined,
): node is NodeProto {
  if (!isOp(node, "ReduceMean") || node.input[0] !== x || getInt(node, "keepdims", 1) === 0) return false;
  const given = constant(graph, node.input[1]);
  const axes = given === undefined ? getInts(node, "axes", []) : Array.from(valuesOf(given));
  return axes.length === 1 && axes[0] === -1;
}

function isSquare(graph: Graph, node: NodeProto | undefined, of: string): node is NodeProto {
  if (node === undefined) return false;
  if (isOp(node, "Mul")) return node.input[1] === of;
  return isOp(node, "Pow") && constantNumber(graph, node.input[1]) === 2;
}

/** The constant row that a node combines a value with. */
export function rowBeside(graph: Graph, node: NodeProto, value: string | undefined): string | undefined {
  const name = (node.input[0] === value ? node.input[1] : node.input[0]) ?? "";
  return constant(graph, name)?.shape.length === 1 ? name : undefined;
}
