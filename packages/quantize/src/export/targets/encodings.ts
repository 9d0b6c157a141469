/**
 * How a layer can be written, as data: which operators with which formats, for which target, and whether that runs on the
 * codes. The first row that fits a layer is the one that export writes.
 */
import type { DType } from "@bitbudget/core";
import type { LayerOperator } from "../../layers.ts";
import type { WeightMapping } from "../../scheme.ts";
import { ort, ortCpu, ours, type Target, targets } from "./target.ts";

/** Name of a way to write a layer: each is a file of this folder's neighbours `static`, `dynamic` and `weights`. */
export type EncodingName =
  | "static"
  | "dynamic"
  | "matmul-nbits"
  | "matmul-bnb4"
  | "dequantize"
  | "cast"
  | "codebook"
  | "gather-rows"
  | "gather-blocks";

export type GranularityName = "tensor" | "channel" | "block";

export interface EncodingRow {
  readonly encoding: EncodingName;
  readonly targets: readonly Target[];
  readonly layers: readonly LayerOperator[];
  /** Formats of codes, as the scheme names them; none for a product of two activations. */
  readonly weight: readonly DType[];
  readonly mapping: readonly WeightMapping[];
  readonly granularity: readonly GranularityName[];
  /** Sizes of blocks: least and most, and whether only powers of two. */
  readonly blocks?: { readonly least: number; readonly most: number; readonly powersOfTwo: boolean };
  /** Static or dynamic formats; "float": activations are not quantized. */
  readonly activation: "float" | readonly DType[];
  readonly dynamic?: true;
  /** Operators that the file has. */
  readonly operators: string;
  /** Format in which codes are stored where that is not the scheme's. */
  readonly storage?: Readonly<Partial<Record<DType, DType>>>;
  /** Arithmetic on the codes, or on floats that they are expanded to. */
  readonly how: "native" | "decoded";
  readonly note?: string;
}

const signed: readonly DType[] = ["int8", "int4", "int2"];
const codes: readonly DType[] = ["int8", "uint8", "int4", "uint4", "int2", "uint2"];
const floats16: readonly DType[] = ["float16", "bfloat16"];
const floats8: readonly DType[] = ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"];
const affine: readonly WeightMapping[] = ["symmetric", "asymmetric"];
const kernels: readonly GranularityName[] = ["tensor", "channel"];
const products: readonly LayerOperator[] = ["MatMul", "Gemm"];
const weighted: readonly LayerOperator[] = ["Conv", "ConvTranspose", ...products, "LSTM", "GRU", "RNN"];
const bytesOfInt = { int4: "int8", int2: "int8", uint4: "uint8", uint2: "uint8" } as const;
const bytes: readonly DType[] = ["uint8", "int8"];
const narrow: readonly DType[] = ["uint4", "int4", "uint2", "int2"];
/** What MatMulNBits and GatherBlockQuantized take. */
const powers = { least: 16, most: 256, powersOfTwo: true } as const;

export const encodings: readonly EncodingRow[] = [
  // --- static activations
  {
    encoding: "static",
    targets: ["js", "wasm"],
    layers: ["Conv", ...products],
    weight: codes,
    mapping: affine,
    granularity: kernels,
    activation: [...bytes, ...narrow],
    operators: "QuantizeLinear, DequantizeLinear around the operator",
    how: "native",
    note: "activations of fewer than 8 bits are bytes with a Clip",
  },
  {
    encoding: "static",
    targets: ortCpu,
    layers: ["Conv", ...products],
    weight: codes,
    mapping: affine,
    granularity: kernels,
    activation: [...bytes, ...narrow],
    operators:
      "QuantizeLinear, DequantizeLinear around the operator, fused to QLinearConv, QLinearMatMul, QGemm",
    storage: bytesOfInt,
    how: "native",
    note: "weights of fewer than 8 bits are stored as bytes, without which the operator is not fused; activations as bytes with a Clip",
  },
  {
    encoding: "static",
    targets: [...ours, ...ortCpu],
    layers: ["Conv", ...products],
    weight: codes,
    mapping: affine,
    granularity: kernels,
    activation: ["uint16", "int16"],
    operators: "QuantizeLinear, DequantizeLinear around the operator",
    storage: bytesOfInt,
    how: "decoded",
    note: "no runtime has kernels for 16-bit activations",
  },
  {
    encoding: "static",
    targets: ["webgpu", "ort-webgpu"],
    layers: ["Conv", ...products],
    weight: codes,
    mapping: affine,
    granularity: kernels,
    activation: [...bytes, ...narrow],
    operators: "QuantizeLinear, DequantizeLinear around the operator",
    storage: bytesOfInt,
    how: "decoded",
    note: "onnxruntime-web does not fuse the group on WebGPU: codes are made on the CPU and the product is computed in float32",
  },
  // --- dynamic activations
  {
    encoding: "dynamic",
    targets: [...ours, ...ortCpu],
    layers: products,
    weight: codes,
    mapping: affine,
    granularity: kernels,
    activation: ["uint8"],
    dynamic: true,
    operators: "DynamicQuantizeMatMul",
    storage: bytesOfInt,
    how: "native",
  },
  {
    encoding: "dynamic",
    targets: ortCpu,
    layers: ["LSTM"],
    weight: codes,
    mapping: affine,
    granularity: kernels,
    activation: ["uint8"],
    dynamic: true,
    operators: "DynamicQuantizeLSTM",
    storage: bytesOfInt,
    how: "native",
    note: "slower than float32 on ort-wasm",
  },
  {
    encoding: "dynamic",
    targets: ours,
    layers: ["LSTM"],
    weight: codes,
    mapping: affine,
    granularity: kernels,
    activation: ["uint8"],
    dynamic: true,
    operators: "DynamicQuantizeLSTM",
    storage: bytesOfInt,
    how: "decoded",
    note: "inputs are multiplied as codes, states with decoded weights",
  },
  {
    encoding: "dynamic",
    targets: [...ours, ...ortCpu],
    layers: ["Conv"],
    weight: signed,
    mapping: ["symmetric"],
    granularity: kernels,
    activation: ["uint8"],
    dynamic: true,
    operators: "DynamicQuantizeLinear, ConvInteger, Cast, Mul",
    storage: { int8: "uint8", int4: "uint8", int2: "uint8" },
    how: "native",
    note: "codes are stored unsigned: onnxruntime-web takes 53 ms for signed ones where it takes 4.1 ms for unsigned ones (3x3, 64 channels, 56x56)",
  },
  {
    encoding: "matmul-nbits",
    targets: ["js", "wasm", "ort-node"],
    layers: products,
    weight: codes,
    mapping: affine,
    granularity: ["block"],
    blocks: powers,
    activation: ["int8"],
    dynamic: true,
    operators: "MatMulNBits with accuracy_level 4",
    how: "native",
    note: "activations are quantized block by block",
  },
  // --- weights alone
  {
    encoding: "matmul-nbits",
    targets,
    layers: products,
    weight: codes,
    mapping: affine,
    granularity: ["block"],
    blocks: powers,
    activation: "float",
    operators: "MatMulNBits",
    how: "decoded",
    note: "decoded while it is multiplied; on ort-wasm smaller in memory, but slower than float32",
  },
  {
    encoding: "dequantize",
    targets: ours,
    layers: products,
    weight: codes,
    mapping: affine,
    granularity: ["tensor", "channel", "block"],
    blocks: { least: 2, most: 65536, powersOfTwo: false },
    activation: "float",
    operators: "DequantizeLinear before the operator",
    how: "decoded",
    note: "kernels read the codes, so that memory stays small, too",
  },
  {
    encoding: "cast",
    targets,
    layers: weighted,
    weight: codes,
    mapping: affine,
    granularity: kernels,
    activation: "float",
    operators: "Cast, Sub, Mul before the operator",
    how: "decoded",
    note: "folded when the model is loaded: a small file at the speed of float32. onnxruntime does not fold DequantizeLinear, and our kernels that read the codes of a 3x3 convolution take twice the time of float32",
  },
  {
    encoding: "cast",
    targets,
    layers: weighted,
    weight: floats16,
    mapping: ["symmetric"],
    granularity: ["tensor", "channel", "block"],
    activation: "float",
    operators: "Cast before the operator",
    how: "decoded",
    note: "folded when the model is loaded",
  },
  {
    encoding: "cast",
    targets: [...ours, ...ortCpu],
    layers: weighted,
    weight: floats8,
    mapping: ["symmetric"],
    granularity: kernels,
    activation: "float",
    operators: "Cast, Mul before the operator",
    how: "decoded",
    note: "folded when the model is loaded",
  },
  {
    encoding: "cast",
    targets: ours,
    layers: weighted,
    weight: ["float4_e2m1"],
    mapping: ["symmetric"],
    granularity: kernels,
    activation: "float",
    operators: "Cast, Mul before the operator",
    how: "decoded",
  },
  {
    encoding: "matmul-bnb4",
    targets,
    layers: products,
    weight: ["uint4"],
    mapping: ["nf4"],
    granularity: ["block"],
    blocks: { least: 16, most: 4096, powersOfTwo: true },
    activation: "float",
    operators: "MatMulBnb4",
    how: "decoded",
    note: "decoded while it is multiplied",
  },
  {
    encoding: "codebook",
    targets,
    layers: weighted,
    weight: codes,
    mapping: ["nf4", "kmeans", "log2"],
    granularity: ["tensor", "channel", "block"],
    blocks: { least: 2, most: 65536, powersOfTwo: false },
    activation: "float",
    operators: "Gather(table, Cast(codes)), Mul before the operator",
    how: "decoded",
    note: "folded when the model is loaded",
  },
  // --- tables of rows
  {
    encoding: "gather-blocks",
    targets: [...ours, ...ort],
    layers: ["Gather"],
    weight: codes,
    mapping: affine,
    granularity: ["block"],
    blocks: powers,
    activation: "float",
    operators: "GatherBlockQuantized",
    how: "decoded",
    note: "only the rows that are looked up are decoded",
  },
  {
    encoding: "gather-rows",
    targets,
    layers: ["Gather"],
    weight: [...codes, ...floats16],
    mapping: affine,
    granularity: kernels,
    activation: "float",
    operators: "Gather of codes and of scales, Cast, Mul",
    storage: bytesOfInt,
    how: "decoded",
    note: "only the rows that are looked up are decoded; onnxruntime gathers nothing narrower than bytes",
  },
];
