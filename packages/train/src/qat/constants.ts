/** Values of a graph that follow from initializers: folded weights and biases, with the roundings of the nodes. */
import { elementCount, tensor } from "@bitbudget/core";
import type { Graph } from "@bitbudget/onnx";
import { TrainingError } from "../errors.ts";
import { broadcast } from "../graph/shapes.ts";
import { addInitializer, type Float32Tensor, floatsOf, isOp } from "./tensors.ts";

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};

/** Name of an initializer with the content of a value: that of the value, if it is one. */
export function asInitializer(graph: Graph, name: string): string {
  return graph.initializers.has(name)
    ? name
    : addInitializer(graph, `${name}_folded`, contentOf(graph, name));
}

/** @throws TrainingError for a value that is computed from something else than initializers */
function contentOf(graph: Graph, name: string): Float32Tensor {
  if (graph.initializers.has(name)) return floatsOf(graph, name);
  const node = graph.producer(name);
  const [first = "", second = ""] = node?.input ?? [];
  const opType = node?.opType ?? "";
  if (isOp(node, "Sqrt")) {
    const { shape, data } = contentOf(graph, first);
    return tensor("float32", shape, data.map(Math.sqrt));
  }
  // Reshapes of a row of channels, to broadcast along them.
  if (isOp(node, "Reshape")) return contentOf(graph, first);
  const apply = Object.hasOwn(binary, opType) ? binary[opType] : undefined;
  if (apply === undefined)
    throw new TrainingError(`${JSON.stringify(name)} is no constant, so it cannot be stored as codes`);
  return combine(contentOf(graph, first), contentOf(graph, second), apply);
}

/** Elements by elements; a row of channels goes along the first axis of anything larger. */
function combine(a: Float32Tensor, b: Float32Tensor, apply: (a: number, b: number) => number): Float32Tensor {
  const isRow = b.shape.length === 1 && a.shape.length > 1;
  const shape = isRow ? a.shape : broadcast(a.shape, b.shape);
  const count = elementCount(shape);
  const at = ({ data }: Float32Tensor, i: number) => data[Math.floor((i * data.length) / count)]!;
  const data = Float32Array.from({ length: count }, (_, i) => apply(at(a, i), at(b, i)));
  return tensor("float32", shape, data);
}
