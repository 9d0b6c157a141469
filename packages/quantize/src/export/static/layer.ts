/** The constants of a layer that computes on codes: its weight and its bias, each with a DequantizeLinear. */
import { type DType, type Quantized, scalesOf } from "@bitbudget/core";
import type { Layer } from "../../layers.ts";
import { rowOf } from "../replace.ts";
import { isOrt, type Target } from "../targets/target.ts";
import { storedAs, unsigned } from "../weights/codes.ts";
import { dequantized } from "../weights/dequantize.ts";
import type { Writer } from "../writer.ts";
import { codedBias, roomForBias } from "./bias.ts";
import { type Coding, isByte } from "./coding.ts";

export interface StaticWeight {
  readonly layer: Layer;
  /** Name of the float weight. */
  readonly name: string;
  readonly codes: Quantized;
  /** Format in which the codes are stored. */
  readonly storage: DType;
  /** How the layer's activation is coded; biases are in its units. */
  readonly input: Coding;
  readonly target: Target;
  /** Whether the group is written as an operator on codes. */
  readonly explicit: boolean;
}

export function staticWeights(writer: Writer, weight: StaticWeight): void {
  const { layer, name, codes: given, storage, input, target, explicit } = weight;
  const { node, opType } = layer;
  const [, , bias = ""] = node.input;
  const hasBias = bias !== "" && (opType === "Conv" || opType === "Gemm");
  const channels = layer.weights[0]?.shape[layer.weights[0].channelAxis] ?? 0;
  const row = hasBias ? rowOf(writer.graph, bias, channels) : undefined;
  const isInteger = isByte(input.format);
  const quantized = isInteger ? roomForBias(given, row, input.scale) : given;
  // onnxruntime fuses a Gemm whose weights are unsigned, but has no QGemm of signed activations and unsigned weights.
  const isFused = input.format.storage === "uint8" || !explicit;
  const dtype = opType === "Gemm" && isOrt(target) && isInteger && isFused ? unsigned(storage) : storage;
  writer.graph.setInput(node, 1, dequantized(writer, name, storedAs(quantized, dtype)));
  if (row === undefined || !isInteger) return;
  const coded = codedBias(writer, bias, input.scale, scalesOf(quantized), channels);
  if (coded !== undefined) writer.graph.setInput(node, 2, coded);
}
