/**
 * Products with NF4 weights in blocks (com.microsoft MatMulBnb4, after bitsandbytes): codes of all channels in one row of
 * bytes, [channels, terms], the first of two in the high bits; one scale, the largest magnitude, for each block.
 */
import { type Quantized, scalesOf, tensor } from "@bitbudget/core";
import type { Layer } from "../../layers.ts";
import { replaceProduct } from "../replace.ts";
import { MICROSOFT, type Writer } from "../writer.ts";
import { blockRows, channelRows, matrixOf } from "./matrix.ts";

/** MatMulBnb4's number of the NF4 table. */
const NF4 = 1n;

/** Blocks must not run from one channel into the next: the terms are a whole number of them. */
export function matMulBnb4(writer: Writer, layer: Layer, name: string, quantized: Quantized): void {
  const { granularity } = quantized.scheme;
  const size = granularity.kind === "block" ? granularity.size : 0;
  const matrix = matrixOf(layer);
  const codes = channelRows(quantized, matrix, 0);
  const bytes = new Uint8Array(Math.ceil(codes.length / 2));
  for (let i = 0; i < codes.length; i++) bytes[i >> 1]! |= codes[i]! << (i % 2 === 0 ? 4 : 0);
  const scales = new Float32Array(blockRows(scalesOf(quantized), matrix));
  const inputs = [
    writer.constant(`${name}_codes`, tensor("uint8", [bytes.length], bytes)),
    writer.constant(`${name}_scale`, tensor("float32", [scales.length], scales)),
  ];
  const attributes = {
    K: BigInt(matrix.terms),
    N: BigInt(matrix.channels),
    block_size: BigInt(size),
    quant_type: NF4,
  };
  const options = { domain: MICROSOFT, attributes };
  replaceProduct(writer, layer, "MatMulBnb4", (x) => [x, ...inputs], options, false);
}
