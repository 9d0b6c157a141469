/** The nodes of a quantizer: QuantizeLinear to bytes, Clip to the codes of a narrower format, DequantizeLinear. */
import { dtypes, tensor } from "@bitbudget/core";
import { type Graph, makeNode, type NodeProto } from "@bitbudget/onnx";
import type { QuantizerMethod } from "../operators/quantizer.ts";
import type { CodeRange } from "./formats.ts";
import { markQuantizer, markTrained } from "./marks.ts";
import { addInitializer } from "./tensors.ts";

export interface QuantizerOptions {
  readonly codes: CodeRange;
  /** Float32: [], [channels] or one for each block. */
  readonly scales: { readonly values: Float32Array; readonly shape: readonly number[] };
  readonly method: QuantizerMethod;
}

export interface ActivationOptions extends QuantizerOptions {
  /** Of the narrow codes. */
  readonly zeroPoint: number;
}

/** The zero point of signed activations: integer kernels of all runtimes take unsigned bytes. */
const MIDDLE = 128;

/** Adds a quantizer of an activation. Its codes are unsigned bytes. @returns the name of the quantized value */
export function quantizeActivation(graph: Graph, value: string, options: ActivationOptions): string {
  const { codes, scales, method } = options;
  const zeroPoint = codes.signed ? MIDDLE : options.zeroPoint;
  const scale = addInitializer(graph, `${value}_scale`, tensor("float32", scales.shape, scales.values));
  const zero = addInitializer(graph, `${value}_zero_point`, tensor("uint8", [], [zeroPoint]));
  const offset = codes.signed ? MIDDLE : 0;
  const bounds: Bounds = { dtype: "uint8", low: codes.min + offset, high: codes.max + offset };
  const parameters = [scale, zero];
  return chain(graph, { value, parameters, bounds, method, isActivation: true, attributes: {} });
}

export interface WeightOptions extends QuantizerOptions {
  /** Of the scales. */
  readonly axis: number;
  /** 0 where they are not in blocks. */
  readonly blockSize: number;
}

/** Adds a quantizer of a weight. Its codes are signed bytes without zero point. @returns the name of the quantized value */
export function quantizeWeight(graph: Graph, value: string, options: WeightOptions): string {
  const { codes, scales, method, axis, blockSize } = options;
  const scale = addInitializer(graph, `${value}_scale`, tensor("float32", scales.shape, scales.values));
  const bounds: Bounds = { dtype: "int8", low: codes.min, high: codes.max };
  const attributes = {
    ...(scales.shape.length > 0 && { axis: BigInt(axis) }),
    ...(blockSize > 0 && { block_size: BigInt(blockSize) }),
  };
  return chain(graph, { value, parameters: [scale], bounds, method, isActivation: false, attributes });
}

interface Bounds {
  readonly dtype: "int8" | "uint8";
  readonly low: number;
  readonly high: number;
}

interface ChainOptions {
  readonly value: string;
  /** Names of the scale, and of the zero point if there is one. */
  readonly parameters: readonly string[];
  readonly bounds: Bounds;
  readonly method: QuantizerMethod;
  readonly isActivation: boolean;
  readonly attributes: Readonly<Record<string, bigint>>;
}

function chain(graph: Graph, options: ChainOptions): string {
  const { value, parameters, bounds, method, isActivation, attributes } = options;
  const { dtype, low, high } = bounds;
  const codes = graph.uniqueName(`${value}_codes`);
  // Without a zero point the format has to be said.
  const output = parameters.length > 1 ? {} : { output_dtype: BigInt(dtypes[dtype].onnx) };
  const quantize = makeNode("QuantizeLinear", [value, ...parameters], [codes], {
    name: graph.uniqueName(`${value}_quantize`),
    attributes: { ...attributes, ...output },
  });
  markQuantizer(quantize, { method, isActivation });
  if (method !== "fixed") markTrained(graph, parameters[0] ?? "");
  graph.insert(quantize);
  const isNarrow = low > dtypes[dtype].min || high < dtypes[dtype].max;
  const narrow = isNarrow ? clipCodes(graph, value, codes, bounds) : codes;
  const quantized = graph.uniqueName(`${value}_quantized`);
  graph.insert(
    makeNode("DequantizeLinear", [narrow, ...parameters], [quantized], {
      name: graph.uniqueName(`${value}_dequantize`),
      attributes,
    }),
  );
  return quantized;
}

function clipCodes(graph: Graph, value: string, codes: string, { dtype, low, high }: Bounds): string {
  const clipped = graph.uniqueName(`${value}_narrow`);
  const bounds = [low, high].map((bound) =>
    addInitializer(graph, `${dtype}_${bound}`, tensor(dtype, [], [bound])),
  );
  const node: NodeProto = makeNode("Clip", [codes, ...bounds], [clipped], {
    name: graph.uniqueName(`${value}_clip`),
  });
  graph.insert(node);
  return clipped;
}
