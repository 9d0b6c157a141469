/** Multiply-adds of a model: those of its convolutions and products; what is between them does not count. */
import { Graph, getInt, inferShapes, type ModelProto, type NodeProto } from "@bitbudget/onnx";

type Shapes = Readonly<Record<string, readonly number[]>>;

/** Undefined where a shape that matters is not known before the model runs, as with control flow. */
export function macsOf(model: ModelProto, inputs: Shapes): number | undefined {
  const graph = Graph.of(model);
  const { types } = inferShapes(model, { inputs });
  const shape = (name = ""): readonly number[] | undefined => {
    const type = types.get(name);
    const dims = type?.kind === "tensor" ? type.shape : undefined;
    const known = dims?.filter((dim): dim is number => typeof dim === "number");
    return known !== undefined && known.length === dims?.length ? known : undefined;
  };
  let total = 0;
  for (const node of graph.nodes) {
    const depth = depthOf(node, shape);
    if (depth === undefined) continue;
    const output = shape(node.output[0]);
    if (output === undefined || Number.isNaN(depth)) return undefined;
    total += count(output) * depth;
  }
  return total === 0 ? undefined : total;
}

const count = (shape: readonly number[]) => shape.reduce((product, dim) => product * dim, 1);

/** Terms of one sum; undefined for an operator without sums, NaN for one whose shapes are not known. */
function depthOf(
  node: NodeProto,
  shape: (name?: string) => readonly number[] | undefined,
): number | undefined {
  const filter = (index: number) => {
    const w = shape(node.input[index]);
    return w === undefined ? Number.NaN : count(w.slice(1));
  };
  switch (node.opType) {
    case "Conv":
    case "ConvInteger":
      return filter(1);
    case "QLinearConv":
      return filter(3);
    case "MatMul":
    case "MatMulInteger":
    case "QLinearMatMul":
    case "DynamicQuantizeMatMul":
      return shape(node.input[0])?.at(-1) ?? Number.NaN;
    case "Gemm":
      return shape(node.input[0])?.at(getInt(node, "transA", 0) === 0 ? -1 : 0) ?? Number.NaN;
    case "MatMulNBits":
      return getInt(node, "K");
    default:
      return undefined;
  }
}
