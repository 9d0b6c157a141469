/** GatherBlockQuantized (com.microsoft): embeddings whose table is stored as codes in blocks. On the host. */
import type { HostTensor } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import { affinePositions, pick } from "../host/elements.ts";
import { type BlockTable, gatherBlocks } from "../host/gather-blocks.ts";
import { floatsOf, tensorOfFloats } from "../host/tensors.ts";
import type { Lowering, Operator } from "../operator.ts";
import { axisOf } from "./axes.ts";
import { codeFormats, packedCodes } from "./block-weights.ts";
import { constantIf } from "./weights.ts";

/** Inputs: codes (int4, uint4, or uint8 bytes of packed codes), indices, scales, zero points. */
export const gatherBlockQuantized: Operator = (context) => {
  const { node } = context;
  const indices = context.input(1);
  const scales = context.constant(2);
  const codes = codesOf(context, context.constant(0));
  const rank = codes.shape.length;
  const axis = axisOf(context, getInt(node, "gather_axis", 0), rank);
  const quantizeAxis = axisOf(context, getInt(node, "quantize_axis", 1), rank);
  const blockSize = getInt(node, "block_size", 128);
  const blocks = Math.ceil((codes.shape[quantizeAxis] ?? 0) / blockSize);
  const expected = codes.shape.with(quantizeAxis, blocks);
  if (scales.shape.join() !== expected.join())
    context.fail(`has scales of [${scales.shape.join(", ")}] where [${expected.join(", ")}] belong`);
  const zeroPoints = zerosOf(context, constantIf(context, 3), expected);
  const table: BlockTable = { codes, scales, zeroPoints, quantizeAxis, blockSize };
  const shape = [...codes.shape.slice(0, axis), ...indices.type.shape, ...codes.shape.slice(axis + 1)];
  const type = { dtype: scales.dtype, shape };
  return context.host([type], [indices], ([at]) => [
    tensorOfFloats(type, gatherBlocks(table, floatsOf(at!), axis)),
  ]);
};

/** Bytes are packed along the last axis. */
function codesOf(context: Lowering, data: HostTensor): HostTensor {
  if (data.dtype !== "uint8") return data;
  const bits = getInt(context.node, "bits", 4);
  const dtype = codeFormats.get(bits);
  if (dtype === undefined) return context.fail(`has codes of ${bits} bits; use 2, 4 or 8`);
  const length = ((data.shape.at(-1) ?? 0) * 8) / bits;
  return { ...packedCodes(data, dtype, 1), shape: [...data.shape.slice(0, -1), length] };
}

/** Packed zero points have rows of whole bytes, of which the last may hold more than there are blocks. */
function zerosOf(
  context: Lowering,
  given: HostTensor | undefined,
  shape: readonly number[],
): HostTensor | number {
  const isPacked = context.input(0).type.dtype === "uint8";
  if (given === undefined) return isPacked ? 2 ** (getInt(context.node, "bits", 4) - 1) : 0;
  if (!isPacked) return given;
  const zeros = codesOf(context, given);
  if (zeros.shape.join() === shape.join()) return zeros;
  const [width = 0, blocks = 0] = [zeros.shape.at(-1), shape.at(-1)];
  return context.derived(given, `zero points ${shape.join()}`, () =>
    pick(zeros, shape, affinePositions([shape.slice(0, -1).reduce((a, b) => a * b, 1), blocks], [width, 1])),
  );
}
