/**
 * Products with weights of 2, 4 or 8 bits in blocks (com.microsoft MatMulNBits): codes are unsigned, [channels, blocks,
 * bytes], low bits first, the last block filled up with zeros; zero points are packed along the blocks of a channel.
 */
import { dtypes, pack, type Quantized, scalesOf, tensor, zeroPointsOf } from "@bitbudget/core";
import type { Layer } from "../../layers.ts";
import { replaceProduct } from "../replace.ts";
import { MICROSOFT, type Writer } from "../writer.ts";
import { blockRows, channelRows, matrixOf } from "./matrix.ts";

/** Level at which activations may be quantized to int8, block by block. */
const INT8_ACTIVATIONS = 4n;

export function matMulNBits(
  writer: Writer,
  layer: Layer,
  name: string,
  quantized: Quantized,
  isDynamic: boolean,
): void {
  const { dtype, granularity } = quantized.scheme;
  const { bits, min } = dtypes[dtype];
  const size = granularity.kind === "block" ? granularity.size : 0;
  const matrix = matrixOf(layer);
  const { channels, terms } = matrix;
  const blocks = Math.ceil(terms / size);
  const shift = min < 0 ? 2 ** (bits - 1) : 0;
  const codes = padded(channelRows(quantized, matrix, shift), channels, terms, blocks * size);
  const zeros = Uint8Array.from(blockRows(zeroPointsOf(quantized), matrix), (zero) => zero + shift);
  const isMiddle = zeros.every((zero) => zero === 2 ** (bits - 1));
  const attributes = {
    K: BigInt(terms),
    N: BigInt(channels),
    bits: BigInt(bits),
    block_size: BigInt(size),
    ...(isDynamic && { accuracy_level: INT8_ACTIVATIONS }),
  };
  const scales = new Float32Array(blockRows(scalesOf(quantized), matrix));
  const inputs = [
    writer.constant(
      `${name}_codes`,
      tensor("uint8", [channels, blocks, (size * bits) / 8], packed(codes, bits)),
    ),
    writer.constant(`${name}_scale`, tensor("float32", [channels, blocks], scales)),
    isMiddle ? "" : writer.constant(`${name}_zero_point`, zeroPoints(zeros, channels, blocks, bits)),
  ];
  replaceProduct(writer, layer, "MatMulNBits", (x, bias) => [x, ...inputs, "", bias], {
    domain: MICROSOFT,
    attributes,
  });
}

/** Rows lengthened with zeros. */
export function padded(rows: Uint8Array, count: number, length: number, to: number): Uint8Array {
  if (length === to) return rows;
  const out = new Uint8Array(count * to);
  for (let i = 0; i < count; i++) out.set(rows.subarray(i * length, (i + 1) * length), i * to);
  return out;
}

export function packed(codes: Uint8Array, bits: number): Uint8Array {
  return bits === 8 ? codes : pack(codes, bits);
}

/** Each channel's zero points in whole bytes. */
export function zeroPoints(zeros: Uint8Array, rows: number, blocks: number, bits: number) {
  const perByte = 8 / bits;
  const bytes = Math.ceil(blocks / perByte);
  return tensor("uint8", [rows, bytes], packed(padded(zeros, rows, blocks, bytes * perByte), bits));
}
