/** Operators that become several in a newer opset. */
import { tensor, valuesOf } from "@bitbudget/core";
import { findAttribute, getInt, setAttribute } from "../graph/attributes.ts";
import { makeNode } from "../graph/make.ts";
import { clone, type NodeProto, NodeProtoSchema } from "../proto.ts";
import { tensorValue } from "../tensor/read.ts";
import type { Adapter, NodeEdit } from "./adapter.ts";

/**
 * Softmax and its kin treated all axes from `axis` on as one, and from opset 13 on treat `axis` alone. Both are the same
 * along the last axis; else the tensor is made a matrix on the way.
 */
export const flattened: Adapter = (edit) => {
  const { graph, node } = edit;
  const axis = getInt(node, "axis", 1);
  const rank = edit.rank(0);
  if (axis === -1 || axis + 1 === rank) {
    setAttribute(node, "axis", -1n);
    return;
  }
  const [x = "", y = ""] = [node.input[0], node.output[0]];
  const name = (part: string) => graph.uniqueName(`${y}_${part}`);
  const [matrix, result, shape] = [name("matrix"), name("rows"), name("shape")];
  const inner = clone(NodeProtoSchema, node);
  inner.input = [matrix];
  inner.output = [result];
  setAttribute(inner, "axis", -1n);
  graph.replaceNode(
    node,
    makeNode("Flatten", [x], [matrix], { name: matrix, attributes: { axis: BigInt(axis) } }),
    inner,
    makeNode("Shape", [x], [shape], { name: shape }),
    makeNode("Reshape", [result, shape], [y], { name: name("whole") }),
  );
};

/** Scale and bias had one element for each group, and from opset 21 on have one for each channel. */
export const perChannel: Adapter = (edit) => {
  const { graph, node } = edit;
  const x = node.input[0] ?? "";
  const ints = (...numbers: number[]) =>
    edit.constant("sizes", tensor("int64", [numbers.length], numbers.map(BigInt)));
  const added: NodeProto[] = [];
  const emit = (opType: string, inputs: readonly string[], attributes = {}) => {
    const name = graph.uniqueName(`${node.output[0]}_${opType}`);
    added.push(makeNode(opType, inputs, [name], { name, attributes }));
    return name;
  };
  const channels = emit("Shape", [x], { start: 1n, end: 2n });
  const perGroup = emit("Div", [channels, ints(getInt(node, "num_groups"))]);
  const repeated = emit("Concat", [ints(1), perGroup], { axis: 0n });
  const repeat = (groups: string) => {
    const column = emit("Reshape", [groups, ints(-1, 1)]);
    return emit("Reshape", [emit("Expand", [column, repeated]), ints(-1)]);
  };
  const changed = clone(NodeProtoSchema, node);
  changed.input = [x, repeat(node.input[1] ?? ""), repeat(node.input[2] ?? "")];
  graph.replaceNode(node, ...added, changed);
};

/** Whether a Resize of opset 10 makes an axis smaller by a factor that is no whole number, or one that is not known. */
export function downsamplesUnevenly({ graph, node }: NodeEdit): boolean {
  const name = node.input[1] ?? "";
  const producer = graph.producer(name);
  const stored =
    graph.initializers.get(name) ??
    (producer?.opType === "Constant" ? findAttribute(producer, "value")?.t : undefined);
  if (stored === undefined) return true;
  return Array.from(valuesOf(tensorValue(stored))).some((scale) => scale < 1 && !Number.isInteger(1 / scale));
}
