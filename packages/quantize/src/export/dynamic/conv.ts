/**
 * Convolutions whose activations are quantized while they run: DynamicQuantizeLinear, ConvInteger, and the sums times both
 * scales. (ONNX DynamicQuantizeLinear 11, ConvInteger 10)
 */
import { type DType, dtypes, type Quantized, tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import type { Layer } from "../../layers.ts";
import { rowOf } from "../replace.ts";
import { storedAs } from "../weights/codes.ts";
import { reshaped, trimmed, type Writer } from "../writer.ts";

const FLOAT = BigInt(dtypes.float32.onnx);

/** Symmetric weights: ConvInteger has one zero point for all of them. */
export function dynamicConv(
  writer: Writer,
  { node }: Layer,
  name: string,
  weight: Quantized,
  storage: DType,
): void {
  const { graph } = writer;
  const [x = "", , bias = ""] = node.input;
  const [y = ""] = node.output;
  const { codes, scales, zeroPoints } = storedAs(weight, storage);
  const spatial = codes.shape.slice(2).map(() => 1);
  const activation = quantized(writer, x);
  const filters = writer.constant(`${name}_codes`, codes);
  const zero = zeroPoints && { ...zeroPoints, shape: [], data: zeroPoints.data.slice(0, 1) };
  const filterZero = zero === undefined ? "" : writer.constant(`${name}_zero_point`, zero);
  const sums = graph.uniqueName(`${y}_sums`);
  const inputs = trimmed([activation.codes, filters, activation.zeroPoint, filterZero]);
  const product = makeNode("ConvInteger", inputs, [sums], { name: node.name });
  product.attribute = node.attribute;
  const cast = writer.node("Cast", [sums], `${y}_float`, { attributes: { to: FLOAT } });
  const perChannel = tensor("float32", scales.length === 1 ? [] : [scales.length, ...spatial], scales);
  const both = writer.node(
    "Mul",
    [activation.scale, writer.constant(`${name}_scale`, perChannel)],
    `${y}_scale`,
  );
  if (bias === "") {
    graph.replaceNode(node, product, makeNode("Mul", [cast, both], [y]));
    return;
  }
  const scaled = writer.node("Mul", [cast, both], `${y}_scaled`);
  const placed = placedBias(writer, bias, codes.shape[0] ?? 0, spatial);
  graph.replaceNode(node, product, makeNode("Add", [scaled, placed], [y]));
}

/** Names of what DynamicQuantizeLinear makes. */
interface Activation {
  readonly codes: string;
  readonly scale: string;
  readonly zeroPoint: string;
}

/** By the graph's writer and the activation: layers that read the same one have its codes in common. */
const activations = new WeakMap<Writer, Map<string, Activation>>();

function quantized(writer: Writer, x: string): Activation {
  const known = activations.get(writer) ?? new Map<string, Activation>();
  activations.set(writer, known);
  const name = (part: string) => writer.graph.uniqueName(`${x}_${part}`);
  const same = known.get(x);
  if (same !== undefined) return same;
  const made = { codes: name("codes"), scale: name("scale"), zeroPoint: name("zero_point") };
  known.set(x, made);
  writer.insert("DynamicQuantizeLinear", [x], [made.codes, made.scale, made.zeroPoint]);
  return made;
}

/** The bias of an image: [channels] as [channels, 1, 1]. */
function placedBias(writer: Writer, bias: string, channels: number, spatial: readonly number[]): string {
  const row = rowOf(writer.graph, bias, channels);
  if (row !== undefined) return writer.constant(`${bias}_placed`, reshaped(row, [channels, ...spatial]));
  const shape = BigInt64Array.from([-1, ...spatial], BigInt);
  const target = writer.constant(`${bias}_shape`, tensor("int64", [shape.length], shape));
  return writer.node("Reshape", [bias, target], `${bias}_placed`);
}
