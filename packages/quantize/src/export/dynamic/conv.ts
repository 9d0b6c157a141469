/**
 * Convolutions whose activations are quantized while they run: DynamicQuantizeLinear, ConvInteger, and the sums times both
 * scales. (ONNX DynamicQuantizeLinear 11, ConvInteger 10)
 */
import { type DType, dtypes, type Quantized, tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import type { Layer } from "../../layers.ts";
import { storedAs } from "../weights/codes.ts";
import type { Writer } from "../writer.ts";
import { trimmed } from "../writer.ts";

const FLOAT = BigInt(dtypes.float32.onnx);

/** Symmetric weights: ConvInteger has one zero point for all of them. */
export function dynamicConv(
  writer: Writer,
  { node }: Layer,
  name: string,
  quantized: Quantized,
  storage: DType,
): void {
  const { graph } = writer;
  const [x = "", , bias = ""] = node.input;
  const [y = ""] = node.output;
  const { codes, scales, zeroPoints } = storedAs(quantized, storage);
  const spatial = codes.shape.slice(2).map(() => 1);
  const zero = zeroPoints === undefined ? 0 : Number(zeroPoints.data[0]);
  const [activation, scale, zeroPoint] = ["codes", "scale", "zero_point"].map((part) =>
    graph.uniqueName(`${x}_${part}`),
  );
  if (activation === undefined || scale === undefined || zeroPoint === undefined) return;
  writer.insert("DynamicQuantizeLinear", [x], [activation, scale, zeroPoint]);
  const filters = writer.constant(`${name}_codes`, codes);
  const sums = graph.uniqueName(`${y}_sums`);
  const filterZero = zero === 0 ? "" : writer.number(`${name}_zero_point`, storage, zero);
  const product = makeNode("ConvInteger", trimmed([activation, filters, zeroPoint, filterZero]), [sums], {
    name: node.name,
  });
  product.attribute = node.attribute;
  const cast = writer.node("Cast", [sums], `${y}_float`, { attributes: { to: FLOAT } });
  const perChannel = tensor("float32", scales.length === 1 ? [] : [scales.length, ...spatial], scales);
  const both = writer.node("Mul", [scale, writer.constant(`${name}_scale`, perChannel)], `${y}_scale`);
  if (bias === "") {
    graph.replaceNode(node, product, makeNode("Mul", [cast, both], [y], { name: `${y}_scaled` }));
    return;
  }
  const scaled = writer.node("Mul", [cast, both], `${y}_scaled`);
  const shape = writer.constant(
    `${bias}_shape`,
    tensor("int64", [1 + spatial.length], [-1n, ...spatial.map(BigInt)]),
  );
  const placed = writer.node("Reshape", [bias, shape], `${bias}_placed`);
  graph.replaceNode(node, product, makeNode("Add", [scaled, placed], [y], { name: `${y}_biased` }));
}
