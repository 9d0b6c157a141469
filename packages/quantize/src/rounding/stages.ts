/** Layers in the order in which they can be worked on: those of a stage do not depend on each other. */
import { type Graph, usesOf } from "@bitbudget/onnx";
import type { Layer } from "../layers.ts";

/** All layers, those that depend on none before first. Layers inside of a node are in the stage of that node. */
export function stagesOf(layers: readonly Layer[]): Layer[][] {
  const [first] = layers;
  if (first === undefined) return [];
  let main: Graph = first.graph;
  while (main.outer !== undefined) main = main.outer;
  const within = new Map<object, Layer[]>();
  const direct = new Map<object, Layer>();
  for (const layer of layers) if (layer.graph.outer === undefined) direct.set(layer.node, layer);
  for (const layer of layers) {
    if (layer.graph.outer === undefined) continue;
    let at = layer.graph;
    while (at.outer?.outer !== undefined) at = at.outer;
    const owner = main.nodes.find((node) => main.subgraphs(node).includes(at));
    if (owner !== undefined) within.set(owner, [...(within.get(owner) ?? []), layer]);
  }
  const depths = new Map<string, number>();
  const stages: Layer[][] = [];
  for (const node of main.order()) {
    let depth = 0;
    for (const [name] of usesOf(node)) depth = Math.max(depth, depths.get(name) ?? 0);
    const layer = direct.get(node);
    const own = layer === undefined ? (within.get(node) ?? []) : [layer];
    const isRounded = own.some(({ weights }) => weights.length > 0);
    if (isRounded) {
      stages[depth] ??= [];
      stages[depth]!.push(...own);
      depth++;
    }
    for (const name of node.output) depths.set(name, depth);
  }
  return stages;
}
