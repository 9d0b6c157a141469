/**
 * Weights that are entries of a table (NF4, k-means, powers of two): Gather(table, Cast(codes)) times scales, all of it
 * constant, so that runtimes fold it when they load the model. Scales of blocks are gathered to one for each term.
 */
import {
  type DType,
  dtypes,
  groupsOf,
  log2Table,
  nf4,
  type Quantized,
  scalesOf,
  tensor,
} from "@bitbudget/core";
import type { Writer } from "../writer.ts";
import { normalAxis, unsigned } from "./codes.ts";

/** ONNX's number of int32, which indices of a Gather are. */
const INT32 = BigInt(dtypes.int32.onnx);

/** Name of the float weight. `packed`: whether the runtime casts codes of less than 8 bits. */
export function codebookWeight(writer: Writer, name: string, quantized: Quantized, packed: boolean): string {
  const { shape } = quantized;
  const dtype = unsigned(quantized.scheme.dtype);
  const codes = writer.constant(
    `${name}_codes`,
    packed ? { dtype, shape, data: bits(quantized) } : bytes(quantized, dtype),
  );
  const table = tableOf(quantized);
  const entries = writer.constant(`${name}_table`, tensor("float32", [table.length], table));
  const indices = writer.node("Cast", [codes], `${name}_indices`, { attributes: { to: INT32 } });
  const values = writer.node("Gather", [entries, indices], `${name}_entries`);
  return writer.node("Mul", [values, scaleOf(writer, name, quantized)], `${name}_decoded`);
}

/** Values by unsigned code. */
function tableOf({ scheme, codebook }: Quantized): readonly number[] {
  if (codebook !== undefined) return Array.from(codebook);
  return scheme.mapping.kind === "log2" ? log2Table(scheme.dtype) : nf4;
}

/** The same bits, which an unsigned format reads as indices. */
function bits({ codes }: Quantized): Uint8Array {
  return new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
}

function bytes(quantized: Quantized, dtype: DType) {
  const { shape } = quantized;
  const count = shape.reduce((product, size) => product * size, 1);
  const perByte = 8 / dtypes[dtype].bits;
  const mask = 2 ** dtypes[dtype].bits - 1;
  const packed = bits(quantized);
  const one = Uint8Array.from(
    { length: count },
    (_, i) => (packed[Math.floor(i / perByte)]! >> ((i % perByte) * dtypes[dtype].bits)) & mask,
  );
  return tensor("uint8", shape, one);
}

/** Name of the scales, in a shape that the weight is multiplied by. */
function scaleOf(writer: Writer, name: string, quantized: Quantized): string {
  const { scheme, shape } = quantized;
  const { granularity } = scheme;
  const scales = scalesOf(quantized);
  const add = (dims: readonly number[]) => writer.constant(`${name}_scale`, tensor("float32", dims, scales));
  if (granularity.kind === "tensor") return add([]);
  const axis = normalAxis(granularity.axis, shape.length);
  if (granularity.kind === "channel") return add(shape.map((size, i) => (i === axis ? size : 1)));
  const inBlocks = add(groupsOf(shape, granularity).shape);
  const blockOf = Int32Array.from({ length: shape[axis] ?? 0 }, (_, i) => Math.floor(i / granularity.size));
  const blocks = writer.constant(`${name}_blocks`, tensor("int32", [blockOf.length], blockOf));
  return writer.node("Gather", [inBlocks, blocks], `${name}_scales`, { attributes: { axis: BigInt(axis) } });
}
