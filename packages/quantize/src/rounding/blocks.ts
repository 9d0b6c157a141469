/**
 * The blocks of a model: parts between two values that everything goes through, as the residual blocks of a network are, with
 * the activation functions at their ends. What becomes of a block's weights shows in one value, its result.
 */
import {
  copyModel,
  Graph,
  type ModelProto,
  makeValueInfo,
  type NodeProto,
  prune,
  usesOf,
} from "@bitbudget/onnx";
import type { Layer } from "../layers.ts";

export interface Block {
  /** The value that it starts from; undefined for what starts from the inputs of the model. */
  readonly input: string | undefined;
  /** The value that it makes; several where a model ends in several. */
  readonly outputs: readonly string[];
  readonly layers: readonly Layer[];
}

/**
 * Blocks with at least `least` layers each, as far as there are so many, in order. Layers of graphs inside of a node are in none.
 * @param layers of the model that are to be in blocks
 */
export function blocksOf(model: ModelProto, layers: readonly Layer[], least = 1): Block[] {
  const graph = Graph.of(model);
  const order = graph.order();
  const flowing = flowingValues(graph, order);
  const last = lastUses(graph, order);
  const isEnd = (name: string) => graph.outputs.some((output) => output.name === name);
  const byNode = new Map(layers.map((layer) => [layer.node.output[0] ?? "", layer]));

  const blocks: { input: string | undefined; outputs: readonly string[]; layers: Layer[] }[] = [];
  let input: string | undefined;
  let within: Layer[] = [];
  let done = 0;
  /** What came since the last cut is a block, or, where it is the rest and too small for one, part of the block before. */
  const close = (outputs: readonly string[]) => {
    const open = blocks.at(-1);
    if (within.length >= least || open === undefined) blocks.push({ input, outputs, layers: within });
    else {
      open.layers.push(...within);
      open.outputs = outputs;
    }
    within = [];
  };
  const alive = new Set(graph.inputs.map(({ name }) => name).filter((name) => last.has(name)));
  for (const [i, node] of order.entries()) {
    const layer = byNode.get(node.output[0] ?? "");
    if (layer !== undefined) {
      within.push(layer);
      done++;
    }
    for (const name of node.output) if (flowing.has(name) && (last.has(name) || isEnd(name))) alive.add(name);
    for (const name of alive) if ((last.get(name) ?? -1) <= i && !isEnd(name)) alive.delete(name);
    const [cut] = alive;
    if (alive.size !== 1 || cut === undefined || !node.output.includes(cut)) continue;
    const open = blocks.at(-1);
    if (within.length > 0) {
      if (within.length < least && done < byNode.size) continue;
      close([cut]);
    } else {
      // What comes before the first layer is part of its block.
      if (open === undefined) continue;
      if (done === byNode.size && probabilities.includes(node.opType)) return blocks;
      open.outputs = [cut];
    }
    input = cut;
  }
  if (within.length > 0) close([...alive].filter(isEnd));
  return blocks;
}

/** What hides errors rather than passing them on. */
const probabilities: readonly string[] = ["Softmax", "LogSoftmax", "Sigmoid", "ArgMax"];

/** The part of a model that is a block: its input and what else it needs of the model's inputs are fed. */
export function blockModel(
  model: ModelProto,
  { input, outputs }: Pick<Block, "input" | "outputs">,
): ModelProto {
  const part = copyModel(model);
  const graph = Graph.of(part);
  if (input !== undefined) {
    const producer = graph.producer(input);
    graph.proto.node = graph.proto.node.filter((node) => node !== producer);
    graph.proto.input.push(makeValueInfo(input, "float32"));
  }
  graph.proto.output = outputs.map((name) => makeValueInfo(name, "float32"));
  graph.refresh();
  prune(graph);
  const used = new Set(graph.proto.node.flatMap((node) => Array.from(usesOf(node), ([name]) => name)));
  graph.proto.input = graph.proto.input.filter(({ name }) => used.has(name));
  graph.refresh();
  return part;
}

/** Values that depend on what the inputs of the model hold, and not on their shapes alone. */
function flowingValues(graph: Graph, order: readonly NodeProto[]): Set<string> {
  const flowing = new Set(graph.inputs.map(({ name }) => name));
  for (const node of order) {
    if (node.opType === "Shape" || node.opType === "Size") continue;
    if (Array.from(usesOf(node), ([name]) => name).some((name) => flowing.has(name)))
      for (const name of node.output) if (name !== "") flowing.add(name);
  }
  return flowing;
}

/** The number of the last node that uses a value for more than its shape. */
function lastUses(graph: Graph, order: readonly NodeProto[]): Map<string, number> {
  const last = new Map<string, number>();
  for (const [i, node] of order.entries()) {
    if (node.opType === "Shape" || node.opType === "Size") continue;
    for (const [name] of usesOf(node)) if (!graph.initializers.has(name)) last.set(name, i);
  }
  return last;
}
