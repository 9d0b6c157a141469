/** Matrix products with weights of 2, 4 or 8 bits in blocks (com.microsoft MatMulNBits, MatMulBnb4). */
import type { WeightedAttributes } from "@bitbudget/backend";
import { type DType, dtypes, elementCount, type HostTensor, nf4, tensor, valuesOf } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import { affinePositions, pick } from "../host/elements.ts";
import type { Lowering, Operator } from "../operator.ts";
import { binary, filled } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { floatLinear } from "./matmul.ts";
import { converted, isKnown, perChannel, shaped } from "./weights.ts";

/** Formats of the codes by their bits. */
export const codeFormats: ReadonlyMap<number, DType> = new Map<number, DType>([
  [2, "uint2"],
  [4, "uint4"],
  [8, "uint8"],
]);

/** Bytes in each of which several codes are packed, as those codes: [rows, bytes] as [rows, codes]. */
export function packedCodes(bytes: HostTensor, dtype: DType, rows: number): HostTensor {
  const perByte = 8 / dtypes[dtype].bits;
  const { data } = bytes;
  const codes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { dtype, shape: [rows, rows === 0 ? 0 : (codes.length * perByte) / rows], data: codes };
}

/** The first columns of a matrix. */
function firstColumns(context: Lowering, matrix: HostTensor, columns: number): HostTensor {
  const [rows = 0, width = 0] = matrix.shape;
  if (width === columns) return matrix;
  if (width < columns) context.fail(`has ${width} codes in a row where ${columns} belong`);
  return pick(matrix, [rows, columns], affinePositions([rows, columns], [width, 1]));
}

/** Inputs: a, codes [n, blocks, bytes], scales [n, blocks], zero points (packed like the codes, or floats), -, bias. */
const matMulNBits: Operator = (context) => {
  const { node } = context;
  const a = context.input(0);
  const [bits, k, n, size] = [
    getInt(node, "bits", 4),
    getInt(node, "K"),
    getInt(node, "N"),
    getInt(node, "block_size"),
  ];
  const dtype = codeFormats.get(bits);
  if (dtype === undefined)
    return context.fail(`has weights of ${bits} bits; there are kernels for 2, 4 and 8`);
  if (context.has(4)) context.fail("reorders its weights (g_idx), which the runtime does not do");
  if (getInt(node, "weight_prepacked", 0) !== 0)
    context.fail("has weights that are packed for another machine");
  if (a.type.shape.at(-1) !== k)
    context.fail(`multiplies [${a.type.shape.join(", ")}] by ${k} x ${n} weights`);
  const blocks = Math.ceil(k / size);
  const bytes = context.constant(1);
  const weight = context.derived(bytes, `codes ${k} x ${n} of ${bits} bits`, () =>
    firstColumns(context, packedCodes(bytes, dtype, n), k),
  );
  const scale = shaped(converted(context, context.constant(2), "float32"), [n, blocks]);
  const zeroPoint = blockZeros(context, dtype, n, blocks);
  const bias = context.inputs[5];
  const row = isKnown(bias)
    ? perChannel(context, converted(context, bias.constant, "float32"), n, "bias")
    : undefined;
  if (zeroPoint.dtype !== dtype) {
    const matrix = decodedBlocks(context, weight, scale, zeroPoint, size);
    const y = floatLinear(context, a, converted(context, matrix, a.type.dtype), row);
    return [bias === undefined || row !== undefined ? y : binary(context, "add", y, bias)];
  }
  const attributes: WeightedAttributes & { readonly channels: number } = {
    channels: n,
    weight: { dtype, granularity: { kind: "block", size }, zeroPoint: true },
    output: a.type.dtype,
    ...(row && { bias: "float32" as const }),
  };
  const weights = { weight, scale, zeroPoint, ...(row && { bias: row }) };
  // Level 4 lets the kernel quantize its activations to int8.
  const dynamic = { ...attributes, dynamic: { dtype: "int8", granularity: "block" } } as const;
  const quantizes =
    getInt(node, "accuracy_level", 0) === 4 &&
    context.supports({ op: "linear", inputs: [a.type], attributes: dynamic });
  const spec = { op: "linear", inputs: [a.type], attributes: quantizes ? dynamic : attributes } as const;
  const y = context.kernel(spec, [a], weights);
  return [bias === undefined || row !== undefined ? y : binary(context, "add", y, bias)];
};

/** Zero points [n, blocks]: codes, or floats if the input is; the middle of the range where it is left out. */
function blockZeros(context: Lowering, dtype: DType, n: number, blocks: number): HostTensor {
  const middle = 2 ** (dtypes[dtype].bits - 1);
  if (!context.has(3)) {
    const scales = context.constant(2);
    return context.derived(scales, `zero points ${dtype} ${n} x ${blocks}`, () =>
      filled(dtype, [n, blocks], middle),
    );
  }
  const given = context.constant(3);
  if (given.dtype !== "uint8") return shaped(given, [n, blocks]);
  return context.derived(given, `${dtype} ${n} x ${blocks}`, () =>
    firstColumns(context, packedCodes(given, dtype, n), blocks),
  );
}

/** (code - zero point) * scale in float32, for zero points that are no codes. */
function decodedBlocks(
  context: Lowering,
  weight: HostTensor,
  scale: HostTensor,
  zeroPoint: HostTensor,
  size: number,
): HostTensor {
  return context.derived(weight, "numbers", () => {
    const [rows = 0, columns = 0] = weight.shape;
    const [, blocks = 0] = scale.shape;
    const [codes, scales, zeros] = [valuesOf(weight), valuesOf(scale), valuesOf(zeroPoint)];
    const numbers = new Float32Array(rows * columns);
    for (let row = 0, i = 0; row < rows; row++)
      for (let column = 0; column < columns; column++, i++) {
        const block = row * blocks + Math.floor(column / size);
        numbers[i] = Math.fround(codes[i]! - zeros[block]!) * scales[block]!;
      }
    return tensor("float32", [rows, columns], numbers);
  });
}

/** bitsandbytes' 4-bit float: sign, then the code of a magnitude (Dettmers et al. 2023). */
const fp4Magnitudes = [0, 0.00520833333, 0.66666667, 1, 0.33333333, 0.5, 0.16666667, 0.25];
const fp4 = [...fp4Magnitudes, ...fp4Magnitudes.map((magnitude) => -magnitude)];

/** Inputs: a, codes of all weights in one row of bytes (the first in the high bits), the largest magnitude of each block. */
const matMulBnb4: Operator = (context) => {
  const { node } = context;
  const [k, n, size] = [getInt(node, "K"), getInt(node, "N"), getInt(node, "block_size")];
  if (getInt(node, "transB", 1) === 0)
    context.fail("multiplies from the other side (transB 0), as only training does");
  const table = getInt(node, "quant_type") === 0 ? fp4 : nf4;
  const [bytes, scales] = [context.constant(1), context.constant(2)];
  if (elementCount(scales.shape) !== Math.ceil((k * n) / size))
    context.fail(`has ${elementCount(scales.shape)} scales for ${k} x ${n} weights in blocks of ${size}`);
  const matrix = context.derived(bytes, `numbers ${getInt(node, "quant_type")} in blocks of ${size}`, () => {
    const codes = valuesOf(bytes);
    const largest = valuesOf(scales);
    const numbers = new Float32Array(k * n).map((_, i) => {
      const byte = codes[Math.floor(i / 2)]!;
      const code = i % 2 === 0 ? byte >> 4 : byte & 15;
      return table[code]! * largest[Math.floor(i / size)]!;
    });
    return tensor("float32", [n, k], numbers);
  });
  const a = context.input(0);
  return [floatLinear(context, a, converted(context, matrix, a.type.dtype))];
};

export const blockProducts: OperatorTable = { MatMulNBits: matMulNBits, MatMulBnb4: matMulBnb4 };
