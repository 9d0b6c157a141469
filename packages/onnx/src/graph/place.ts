/** Names for places in error messages. */
import type { Place } from "../errors.ts";
import type { NodeProto } from "../proto.ts";

/** The node's own name, or its first output's: what a person finds it by. */
export function nodeName(node: NodeProto): string {
  return node.name !== "" ? node.name : (node.output.find((name) => name !== "") ?? "");
}

export function placeOf(node: NodeProto, value?: string): Place {
  return { node: nodeName(node), opType: node.opType, value };
}
