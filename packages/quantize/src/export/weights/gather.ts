/**
 * Tables of rows to look up. Rows with a scale each: codes and scales are gathered, then multiplied (ONNX Gather). Rows in
 * blocks: com.microsoft GatherBlockQuantized. Either way only the rows that are looked up are decoded.
 */
import {
  type DType,
  dtypes,
  elementCount,
  groupsOf,
  type Quantized,
  scalesOf,
  tensor,
  zeroPointsOf,
} from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import type { Layer } from "../../layers.ts";
import { MICROSOFT, type Writer } from "../writer.ts";
import { asFloats } from "./cast.ts";
import { type StoredWeight, storedAs } from "./codes.ts";
import { packed, zeroPoints } from "./matmul-nbits.ts";
import { channelRows } from "./matrix.ts";

const FLOAT = BigInt(dtypes.float32.onnx);

export function gatherRows(
  writer: Writer,
  { node }: Layer,
  name: string,
  quantized: Quantized,
  storage: DType,
): void {
  const { graph } = writer;
  const [, indices = ""] = node.input;
  const [y = ""] = node.output;
  const { dtype } = quantized.scheme;
  const isFloat = dtypes[dtype].kind === "float";
  const weight = isFloat ? floats(quantized) : storedAs(quantized, storage);
  const rows = (base: string, values: readonly number[]) => {
    const count = weight.shape.length === 0 ? [] : [values.length, 1];
    const constant = writer.constant(`${name}_${base}`, tensor("float32", count, values));
    return weight.shape.length === 0 ? constant : writer.node("Gather", [constant, indices], `${y}_${base}`);
  };
  const codes = writer.node(
    "Gather",
    [writer.constant(`${name}_codes`, weight.codes), indices],
    `${y}_codes`,
  );
  const isPlain = isFloat && weight.scales.every((scale) => scale === 1);
  if (isPlain) {
    graph.replaceNode(node, makeNode("Cast", [codes], [y], { name: node.name, attributes: { to: FLOAT } }));
    return;
  }
  const cast = asFloats(writer, codes, y);
  const { zeroPoints: zeros } = weight;
  const centered =
    zeros === undefined
      ? cast
      : writer.node(
          "Sub",
          [cast, rows("zero_point", Array.from(zeroPointsOfStored(weight)))],
          `${y}_centered`,
        );
  graph.replaceNode(
    node,
    makeNode("Mul", [centered, rows("scale", Array.from(weight.scales))], [y], { name: node.name }),
  );
}

function floats(quantized: Quantized): StoredWeight {
  const { scheme, shape, codes } = quantized;
  const granularity = groupsOf(shape, scheme.granularity).shape;
  const values = { dtype: scheme.dtype, shape, data: codes };
  return {
    codes: values,
    scales: scalesOf(quantized),
    zeroPoints: undefined,
    shape: granularity,
    axis: undefined,
    blockSize: 0,
  };
}

function zeroPointsOfStored({ zeroPoints: zeros }: StoredWeight): ArrayLike<number> {
  return zeros === undefined ? [] : Array.from(zeros.data, Number);
}

/** Codes are unsigned and packed in bytes, zero points along the blocks of a row, even where they are the middle: onnxruntime's WebGPU provider takes 0 where they are left out. */
export function gatherBlocks(writer: Writer, { node }: Layer, name: string, quantized: Quantized): void {
  const { scheme, shape } = quantized;
  const { bits, min } = dtypes[scheme.dtype];
  const [rows = 0, columns = 0] = shape;
  const size = scheme.granularity.kind === "block" ? scheme.granularity.size : 0;
  const blocks = Math.ceil(columns / size);
  const shift = min < 0 ? 2 ** (bits - 1) : 0;
  const matrix = { channels: rows, terms: columns, channelStride: columns, termStride: 1 };
  const codes = packed(channelRows(quantized, matrix, shift), bits);
  const zeros = Uint8Array.from(zeroPointsOf(quantized), (zero) => zero + shift);
  const inputs = [
    writer.constant(`${name}_codes`, tensor("uint8", [rows, (elementCount([columns]) * bits) / 8], codes)),
    node.input[1] ?? "",
    writer.constant(`${name}_scale`, tensor("float32", [rows, blocks], scalesOf(quantized))),
    writer.constant(`${name}_zero_point`, zeroPoints(zeros, rows, blocks, bits)),
  ];
  const attributes = { bits: BigInt(bits), block_size: BigInt(size), gather_axis: 0n, quantize_axis: 1n };
  const gathered = makeNode("GatherBlockQuantized", inputs, node.output, {
    name: node.name,
    domain: MICROSOFT,
    attributes,
  });
  writer.graph.replaceNode(node, gathered);
}
