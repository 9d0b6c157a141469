/** The parts of quantize/dequantize groups: what a DequantizeLinear or QuantizeLinear says about its codes. */
import {
  type DType,
  dtypes,
  encode,
  type HostTensor,
  roundHalfEven,
  tensor,
  valuesOf,
} from "@bitbudget/core";
import { canonicalDomain, type Graph, getInt, type NodeProto } from "@bitbudget/onnx";
import { activationOf } from "./fuse-activation.ts";
import { addConstant, constant, soleConsumer } from "./match.ts";

/** ONNX's number of float32. */
const FLOAT = 1;

/** Codes and how they stand for numbers; all constants are known. */
export interface Codes {
  /** Name of the codes: before a DequantizeLinear, after a QuantizeLinear. */
  readonly codes: string;
  readonly scale: string;
  /** "" where it is left out, which means 0. */
  readonly zeroPoint: string;
  readonly dtype: DType;
  readonly scales: HostTensor;
  readonly zeroPoints: HostTensor;
  readonly axis: number;
  readonly blockSize: number;
}

/** 8-bit codes with one scale: what activations of integer kernels are. */
export function isByteTensor(codes: Codes): boolean {
  return (codes.dtype === "uint8" || codes.dtype === "int8") && codes.scales.data.length === 1;
}

/** What stands behind a value that a DequantizeLinear makes. */
export function dequantized(graph: Graph, value: string | undefined): Codes | undefined {
  const node = value === undefined ? undefined : graph.producer(value);
  return node !== undefined && isCoder(node, "DequantizeLinear")
    ? codesOf(graph, node, node.input[0] ?? "")
    : undefined;
}

/** The QuantizeLinear that is the only one to use a value. */
export function quantizer(
  graph: Graph,
  value: string | undefined,
): { node: NodeProto; codes: Codes } | undefined {
  const node = soleConsumer(graph, value);
  if (node === undefined || !isCoder(node, "QuantizeLinear") || node.input[0] !== value) return undefined;
  const codes = codesOf(graph, node, node.output[0] ?? "");
  return codes === undefined ? undefined : { node, codes };
}

function isCoder(node: NodeProto, opType: string): boolean {
  const domain = canonicalDomain(node.domain);
  return node.opType === opType && (domain === "" || domain === "com.microsoft");
}

function codesOf(graph: Graph, node: NodeProto, codes: string): Codes | undefined {
  const [, scale = "", zeroPoint = ""] = node.input;
  if (!isInFloat32(node)) return undefined;
  const scales = constant(graph, scale);
  if (scales === undefined || scales.dtype !== "float32") return undefined;
  const given = constant(graph, zeroPoint);
  if (zeroPoint !== "" && given === undefined) return undefined;
  const dtype = given?.dtype ?? constant(graph, codes)?.dtype ?? outputDtype(node);
  if (dtype === undefined) return undefined;
  return {
    codes,
    scale,
    zeroPoint,
    dtype,
    scales,
    zeroPoints: given ?? tensor(dtype, scales.shape),
    axis: getInt(node, "axis", 1),
    blockSize: getInt(node, "block_size", 0),
  };
}

/** Whether numbers are float32 on the other side of the codes, and divided by the scale in that format. */
function isInFloat32(node: NodeProto): boolean {
  const isDefault = (name: string) => [0, FLOAT].includes(getInt(node, name, 0));
  return node.opType === "QuantizeLinear" ? isDefault("precision") : isDefault("output_dtype");
}

/** A QuantizeLinear without zero point makes uint8 unless it says otherwise; codes of a DequantizeLinear are unknown. */
function outputDtype(node: NodeProto): DType | undefined {
  if (node.opType !== "QuantizeLinear" || getInt(node, "output_dtype", 0) !== 0) return undefined;
  return "uint8";
}

/** Name of the zero point, which is made where it was left out. */
export function zeroPointName(graph: Graph, { zeroPoint, zeroPoints, codes }: Codes): string {
  return zeroPoint === "" ? addConstant(graph, `${codes}_zero_point`, zeroPoints) : zeroPoint;
}

/** Whether two tensors of codes mean the same numbers by the same codes. */
export function sameCodes(a: Codes, b: Codes): boolean {
  const equal = (x: HostTensor, y: HostTensor) =>
    x.data.length === y.data.length && Array.from(valuesOf(x)).every((value, i) => value === valuesOf(y)[i]);
  return a.dtype === b.dtype && equal(a.scales, b.scales) && equal(a.zeroPoints, b.zeroPoints);
}

/** The code of a number under one scale. */
export function codeOf({ dtype, scales, zeroPoints }: Codes, x: number): number {
  const [scale = 1] = valuesOf(scales);
  const [zeroPoint = 0] = valuesOf(zeroPoints);
  // Rounded before the zero point is added: ties go to even quotients, not to even codes.
  return Number(encode(dtype, roundHalfEven(Math.fround(x / scale)) + zeroPoint));
}

/** Whether clipping to [min, max] changes nothing, because the codes end there anyway. */
export function saturates(codes: Codes, min: number, max: number): boolean {
  const { min: lowest, max: highest } = dtypes[codes.dtype];
  return codeOf(codes, min) <= lowest && codeOf(codes, max) >= highest;
}

/** The QuantizeLinear after a node, through an activation that the saturation of its codes does anyway. */
export function endOf(
  graph: Graph,
  node: NodeProto,
): { readonly node: NodeProto; readonly codes: Codes; readonly between: readonly NodeProto[] } | undefined {
  const [result] = node.output;
  const direct = quantizer(graph, result);
  if (direct !== undefined) return { ...direct, between: [] };
  const next = soleConsumer(graph, result);
  const bounds = next === undefined ? undefined : clampOf(graph, next);
  const end = quantizer(graph, next?.output[0]);
  if (next === undefined || bounds === undefined || end === undefined) return undefined;
  return saturates(end.codes, bounds.min, bounds.max) ? { ...end, between: [next] } : undefined;
}

function clampOf(graph: Graph, node: NodeProto): { min: number; max: number } | undefined {
  const fused = canonicalDomain(node.domain) === "" ? activationOf(graph, node) : undefined;
  if (fused?.activation === "Relu") return { min: 0, max: Number.POSITIVE_INFINITY };
  if (fused?.activation !== "Clip") return undefined;
  return { min: fused.alpha ?? Number.NEGATIVE_INFINITY, max: fused.beta ?? Number.POSITIVE_INFINITY };
}
