/** Topological order: every node after the nodes whose outputs it uses, otherwise in the order of the file. */
import { CycleError } from "../errors.ts";
import type { GraphProto, NodeProto } from "../proto.ts";
import { nodeName } from "./place.ts";
import { usesOf } from "./scope.ts";

/**
 * The nodes of a graph, sorted. An order that is already right is kept. Depth-first, without recursion: a graph may be
 * a chain of a hundred thousand nodes.
 * @throws CycleError
 */
export function topologicalOrder(graph: GraphProto): NodeProto[] {
  const producers = new Map<string, NodeProto>();
  for (const node of graph.node) {
    for (const name of node.output) if (name !== "") producers.set(name, node);
  }
  const sorted: NodeProto[] = [];
  const state = new Map<NodeProto, "open" | "done">();
  for (const root of graph.node) {
    if (state.has(root)) continue;
    const path = [{ node: root, needs: needsOf(root, producers) }];
    state.set(root, "open");
    while (path.length > 0) {
      const { node, needs } = path.at(-1)!;
      const next = needs.next();
      if (next.done) {
        state.set(node, "done");
        sorted.push(node);
        path.pop();
      } else if (state.get(next.value) === "open") {
        const [first, ...rest] = path.slice(path.findIndex((step) => step.node === next.value));
        // The path runs from users to what they need: the data flow the other way.
        const cycle = [first!, ...rest.reverse()].map((step) => nodeName(step.node));
        throw new CycleError(cycle, { graph: graph.name, node: nodeName(node) });
      } else if (!state.has(next.value)) {
        state.set(next.value, "open");
        path.push({ node: next.value, needs: needsOf(next.value, producers) });
      }
    }
  }
  return sorted;
}

function* needsOf(
  node: NodeProto,
  producers: ReadonlyMap<string, NodeProto>,
): Generator<NodeProto, undefined> {
  for (const [name] of usesOf(node)) {
    const producer = producers.get(name);
    if (producer !== undefined) yield producer;
  }
  return undefined;
}
