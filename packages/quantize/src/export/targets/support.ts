/** What a target makes of a layer under a scheme: which row of the tables it is, or why there is none. */
import { dtypes } from "@bitbudget/core";
import { getFloat, getInt } from "@bitbudget/onnx";
import { TargetError } from "../../errors.ts";
import type { Layer } from "../../layers.ts";
import type { LayerScheme, WeightScheme } from "../../scheme.ts";
import { candidates } from "./candidates.ts";
import { type EncodingRow, encodings, type GranularityName } from "./encodings.ts";
import { targetFaults } from "./faults.ts";
import type { Target } from "./target.ts";

export interface SupportedScheme {
  readonly scheme: LayerScheme;
  readonly encoding: EncodingRow["encoding"];
  readonly how: EncodingRow["how"];
  /** What a search should know before it measures. */
  readonly note: string | undefined;
}

/** Schemes that a search may choose from: those of `candidates` that the target runs. */
export function supportedSchemes(target: Target, layer: Layer): SupportedScheme[] {
  return candidates(layer).flatMap((scheme) => {
    const found = findEncoding(target, layer, scheme);
    if (typeof found === "string") return [];
    return [
      { scheme, encoding: found.encoding, how: found.how, note: hint(target, layer, scheme) ?? found.note },
    ];
  });
}

/** Why a target does not run a layer under a scheme; undefined where it does. A scheme that changes nothing always runs. */
export function checkTarget(target: Target, layer: Layer, scheme: LayerScheme): string | undefined {
  if (scheme.weight === undefined && scheme.activation === undefined) return undefined;
  const found = findEncoding(target, layer, scheme);
  return typeof found === "string" ? found : undefined;
}

/** The row of the table that a layer is written by. @throws TargetError with the reason where there is none */
export function encodingOf(target: Target, layer: Layer, scheme: LayerScheme): EncodingRow {
  const found = findEncoding(target, layer, scheme);
  if (typeof found === "string") throw new TargetError(target, layer.name, found);
  return found;
}

function findEncoding(target: Target, layer: Layer, scheme: LayerScheme): EncodingRow | string {
  const fault = targetFaults.find(
    ({ targets, hits }) => targets.includes(target) && hits?.(layer, scheme) === true,
  );
  if (fault !== undefined) return fault.detail;
  const block = typeof scheme.weight?.granularity === "object";
  if (block && layer.weights.some(({ blockAxis }) => blockAxis === undefined))
    return `blocks are for matrices, and its weight is of ${layer.opType}; use "channel"`;
  // The row that comes closest says what is wrong.
  let closest = { failed: Number.POSITIVE_INFINITY, reason: `no encoding for ${layer.opType}` };
  for (const row of encodings) {
    const reasons = checksOf(row, target, layer, scheme);
    const [first] = reasons.filter((reason) => reason !== undefined);
    if (first === undefined) return row;
    const failed = reasons.reduce(
      (sum, reason, i) => sum + (reason === undefined ? 0 : (weights[i] ?? 1)),
      0,
    );
    if (failed < closest.failed) closest = { failed, reason: first };
  }
  return closest.reason;
}

/** How far a row is off by each of the checks: another operator is another thing, another format is not. */
const weights = [100, 10];

/** Reasons against a row, in the order in which they matter; undefined for what fits. */
function checksOf(
  row: EncodingRow,
  target: Target,
  layer: Layer,
  scheme: LayerScheme,
): (string | undefined)[] {
  const { weight, activation } = scheme;
  const unless = (holds: boolean, reason: string) => (holds ? undefined : reason);
  const isDynamic = activation?.dynamic === true;
  const kind =
    row.activation === "float"
      ? activation === undefined
      : activation !== undefined && isDynamic === (row.dynamic ?? false);
  const granularity = weight === undefined ? undefined : granularityName(weight);
  return [
    unless(row.layers.includes(layer.opType), `${layer.opType} is not ${describe(scheme)}`),
    unless(kind, `${layer.opType} is not written with ${describe(scheme)}`),
    unless(row.targets.includes(target), `${target} does not run ${layer.opType} with ${describe(scheme)}`),
    unless(
      activation === undefined || row.activation === "float" || row.activation.includes(activation.dtype),
      `activations of ${activation?.dtype} are not run; use ${row.activation === "float" ? "floats" : row.activation.join(", ")}`,
    ),
    unless(
      weight === undefined || row.mapping.includes(weight.mapping ?? "symmetric"),
      `weights that are ${weight?.mapping} are not run; use ${row.mapping.join(", ")}`,
    ),
    unless(
      weight === undefined || row.weight.includes(weight.dtype),
      `weights of ${weight?.dtype} are not run; use ${row.weight.join(", ")}`,
    ),
    unless(
      granularity === undefined || row.granularity.includes(granularity),
      `weights with a scale for each ${granularity} are not run; use ${row.granularity.join(", ")}`,
    ),
    unfitBlocks(row, weight),
    unfitLayer(row, layer, weight),
  ];
}

function granularityName({ granularity = "channel" }: WeightScheme): GranularityName {
  return typeof granularity === "string" ? granularity : "block";
}

function unfitBlocks({ blocks }: EncodingRow, weight: WeightScheme | undefined): string | undefined {
  const size = typeof weight?.granularity === "object" ? weight.granularity.block : undefined;
  if (size === undefined || blocks === undefined) return undefined;
  const { least, most, powersOfTwo } = blocks;
  const fits = size >= least && size <= most && (!powersOfTwo || Number.isInteger(Math.log2(size)));
  return fits
    ? undefined
    : `blocks of ${size} are not run; use ${powersOfTwo ? "powers of two from" : "sizes from"} ${least} to ${most}`;
}

/** What a row needs of a layer beyond its operator. */
function unfitLayer(row: EncodingRow, layer: Layer, weight: WeightScheme | undefined): string | undefined {
  const { node, opType, weights, graph } = layer;
  const isMatrix = weights.every(({ shape }) => shape.length === 2);
  const codes = ["static", "dynamic", "matmul-nbits", "matmul-bnb4"].includes(row.encoding);
  if (codes && opType === "MatMul" && !isMatrix)
    return "kernels on codes multiply by matrices, and its weight has more axes; use a scheme for the weights alone";
  if (row.encoding === "static" && graph.outer !== undefined)
    return "it is in a graph inside a node, of whose values there is no calibration; use dynamic activations or weights alone";
  if (row.encoding === "static" && weight === undefined && weights.length > 0)
    return "its weight is constant, and must be quantized with its activations";
  if (row.encoding === "static" && !hasConstantBias(layer))
    return "its bias is no constant with a number for each channel, which alone becomes codes; use dynamic activations or weights alone";
  if (row.encoding !== "static" && weights.length === 0)
    return "it has no constant weight; use static activations";
  if (row.encoding === "static" && weights.length === 0 && opType === "Gemm")
    return "a Gemm of two activations is not run on codes";
  if (codes && opType === "Gemm") {
    const isPlain =
      getFloat(node, "alpha", 1) === 1 && getFloat(node, "beta", 1) === 1 && getInt(node, "transA", 0) === 0;
    if (!isPlain)
      return "its alpha, beta or transA are not the usual ones; use a scheme for the weights alone";
  }
  if (row.encoding === "gather-blocks") return unfitTable(layer, weight);
  if (row.encoding === "matmul-bnb4") {
    const [{ shape, blockAxis } = { shape: [], blockAxis: 0 }] = weights;
    const length = shape[blockAxis ?? 0] ?? 0;
    const size = typeof weight?.granularity === "object" ? weight.granularity.block : 1;
    if (length % size !== 0) return `its ${length} terms are no whole number of blocks of ${size}`;
  }
  return undefined;
}

/** Whether there is no bias, or one that is known and the same for every row and pixel. */
function hasConstantBias({ node, opType, weights: [weight], graph }: Layer): boolean {
  const [, , bias = ""] = node.input;
  if (bias === "" || weight === undefined || (opType !== "Conv" && opType !== "Gemm")) return true;
  const dims = graph.initializers.get(bias)?.dims;
  const channels = weight.shape[weight.channelAxis] ?? 0;
  const isSize = (size: bigint, i: number, last: number) =>
    size === 1n || (i === last && Number(size) === channels);
  return dims?.every((size, i) => isSize(size, i, dims.length - 1)) ?? false;
}

/** Rows of GatherBlockQuantized are whole bytes. */
function unfitTable({ weights }: Layer, weight: WeightScheme | undefined): string | undefined {
  const columns = weights[0]?.shape[1] ?? 0;
  const bits = weight === undefined ? 8 : dtypes[weight.dtype].bits;
  return (columns * bits) % 8 === 0
    ? undefined
    : `rows of ${columns} codes of ${bits} bits are no whole bytes`;
}

function describe({ weight, activation }: LayerScheme): string {
  const parts = [
    weight && `weights of ${weight.dtype}`,
    activation && `${activation.dynamic === true ? "dynamic" : "static"} activations of ${activation.dtype}`,
  ];
  return parts.filter((part) => part !== undefined).join(" and ");
}

/** What was measured of layers like this one. */
function hint(
  target: Target,
  { opType, node, weights }: Layer,
  { activation }: LayerScheme,
): string | undefined {
  if (activation === undefined) return undefined;
  if (target === "wasm" && opType === "Conv" && activation.dynamic === true)
    return "convolutions with dynamic activations take three times as long as in float32 (MobileNet 0.25, batches of 25)";
  if (activation.dynamic === true) return undefined;
  if (target === "ort-wasm" && opType === "Conv" && isDepthwise(weights[0]?.shape, getInt(node, "group", 1)))
    return "depthwise: 5.7 ms where float32 takes 1.2 ms (3x3, 144 channels)";
  if (target === "ort-wasm" && activation.dtype.startsWith("int"))
    return "signed activations are more than ten times slower than unsigned ones";
  return undefined;
}

function isDepthwise(shape: readonly number[] | undefined, groups: number): boolean {
  return groups > 1 && shape?.[1] === 1;
}
