/**
 * Convolutions with all attributes written out: some kernels of onnxruntime compute wrongly with defaults that other kernels
 * know (ONNX Conv: kernel_shape, strides, dilations, pads, group).
 */
import {
  canonicalDomain,
  findAttribute,
  type Graph,
  getInts,
  getString,
  inferShapes,
  type ModelProto,
  type NodeProto,
  setAttribute,
  type ValueType,
} from "@bitbudget/onnx";

type Types = ReadonlyMap<string, ValueType>;

/** Padding that follows from sizes which are not known stays `auto_pad`. */
export function explicitConvolutions(model: ModelProto, graph: Graph): void {
  let types: Types | undefined;
  for (const node of graph.nodes) {
    if (node.opType !== "Conv" || canonicalDomain(node.domain) !== "") continue;
    const kernel = graph.initializers.get(node.input[1] ?? "")?.dims.slice(2);
    if (kernel === undefined) continue;
    const ones = kernel.map(() => 1n);
    const fill = (name: string, value: bigint | readonly bigint[]) => {
      if (findAttribute(node, name) === undefined) setAttribute(node, name, value);
    };
    fill("kernel_shape", kernel);
    fill("strides", ones);
    fill("dilations", ones);
    fill("group", 1n);
    const auto = getString(node, "auto_pad", "NOTSET");
    if (auto === "SAME_UPPER" || auto === "SAME_LOWER") {
      types ??= inferShapes(model).types;
      const pads = samePads(node, kernel.map(Number), types, auto);
      if (pads === undefined) continue;
      setAttribute(node, "pads", pads);
    } else
      fill(
        "pads",
        [...ones, ...ones].map(() => 0n),
      );
    setAttribute(node, "auto_pad", undefined);
  }
}

/** Pads that make as many results as there are strides in the image; undefined where its size is not known and matters. */
function samePads(
  node: NodeProto,
  kernel: readonly number[],
  types: Types,
  auto: string,
): bigint[] | undefined {
  const strides = getInts(node, "strides");
  const dilations = getInts(node, "dilations");
  const type = types.get(node.input[0] ?? "");
  const sizes = type?.kind === "tensor" ? type.shape?.slice(2) : undefined;
  const begin: bigint[] = [];
  const end: bigint[] = [];
  for (const [i, length] of kernel.entries()) {
    const [stride = 1, dilation = 1] = [strides[i], dilations[i]];
    const size = stride === 1 ? 1 : sizes?.[i];
    if (typeof size !== "number") return undefined;
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + (length - 1) * dilation + 1 - size, 0);
    const less = Math.floor(total / 2);
    begin.push(BigInt(auto === "SAME_LOWER" ? total - less : less));
    end.push(BigInt(auto === "SAME_LOWER" ? less : total - less));
  }
  return [...begin, ...end];
}
