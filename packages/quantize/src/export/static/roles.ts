/**
 * What an operator between quantized layers does on codes. Movers copy codes: their results are elements of their inputs, so
 * that both have one scale, and the operator itself takes bytes. Arithmetic stands between DequantizeLinear and
 * QuantizeLinear, and is listed where the target fuses the group into one operator. Clamps are Relu and Clip.
 */
import { valuesOf } from "@bitbudget/core";
import { canonicalDomain, type Graph, getInt, getString, type NodeProto, tensorValue } from "@bitbudget/onnx";
import { isOrt, type Target } from "../targets/target.ts";

export type Role = "mover" | "arithmetic" | "clamp";

/** Numbers between which a clamp leaves everything as it is. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

const movers: ReadonlySet<string> = new Set([
  ...["Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Split", "Concat", "Pad"],
  ...["Expand", "Tile", "Gather", "DepthToSpace", "SpaceToDepth", "Identity", "MaxPool", "Resize"],
]);

/** The operators that both runtimes have on codes of com.microsoft. */
const arithmetic: ReadonlySet<string> = new Set([
  ...["Add", "Mul", "AveragePool", "GlobalAveragePool", "Sigmoid", "Softmax", "LeakyRelu"],
]);

/** Operators whose results are much fewer than what they read, so that they are worth it even at the end of a model. */
const reducing: ReadonlySet<string> = new Set(["AveragePool", "GlobalAveragePool", "MaxPool"]);

/** Inputs with activations: all, or those from the first to the second place. */
export function activationsOf({ opType, input }: NodeProto): readonly string[] {
  const isBinary = opType === "Add" || opType === "Mul" || opType === "Concat";
  return isBinary ? input : input.slice(0, 1);
}

export function roleOf(
  graph: Graph,
  node: NodeProto,
  target: Target,
  storage: string,
  explicit: boolean,
): Role | undefined {
  if (canonicalDomain(node.domain) !== "") return undefined;
  const { opType } = node;
  if (boundsOf(graph, node) !== undefined) return "clamp";
  if (movers.has(opType)) return moves(graph, node) ? "mover" : undefined;
  if (!arithmetic.has(opType)) return undefined;
  // onnxruntime fuses sums and products of uint8 alone; as operators on codes it has them for int8, too.
  if ((opType === "Add" || opType === "Mul") && isOrt(target) && storage !== "uint8" && !explicit)
    return undefined;
  if (hasVector(graph, node)) return undefined;
  // onnxruntime's QLinearSoftmax is one code off in a tenth of the elements and more, from a table of integers.
  if (opType === "Softmax" && (isOrt(target) || getInt(node, "axis", -1) !== -1)) return undefined;
  return "arithmetic";
}

/** Whether it copies: no interpolation, no second result, a constant where it pads. */
function moves(graph: Graph, node: NodeProto): boolean {
  const { opType, input, output } = node;
  if (opType === "MaxPool") return output.length === 1;
  if (opType === "Resize")
    return (
      getString(node, "mode", "nearest") === "nearest" &&
      getString(node, "coordinate_transformation_mode", "half_pixel") !== "tf_crop_and_resize"
    );
  if (opType === "Pad") return (input[2] ?? "") === "" || graph.initializers.has(input[2] ?? "");
  return true;
}

/**
 * Whether an operand is a constant of several numbers: a bias keeps its precision, and a mask its range, as floats alone. One
 * number is a code exactly.
 */
function hasVector(graph: Graph, { input }: NodeProto): boolean {
  const constants = input.flatMap((name) => graph.initializers.get(name) ?? []);
  return constants.some(({ dims }) => dims.some((size) => size !== 1n));
}

export function reduces({ opType }: NodeProto): boolean {
  return reducing.has(opType);
}

/** Of a Relu, or a Clip between constants. */
export function boundsOf(graph: Graph, node: NodeProto): Bounds | undefined {
  if (canonicalDomain(node.domain) !== "") return undefined;
  if (node.opType === "Relu") return { min: 0, max: Number.POSITIVE_INFINITY };
  if (node.opType !== "Clip") return undefined;
  const [min, max] = [1, 2].map((slot) => number(graph, node.input[slot] ?? ""));
  if (Number.isNaN(min) || Number.isNaN(max)) return undefined;
  return { min: min ?? Number.NEGATIVE_INFINITY, max: max ?? Number.POSITIVE_INFINITY };
}

/** A constant; undefined where there is none, NaN where it is computed. */
function number(graph: Graph, name: string): number | undefined {
  if (name === "") return undefined;
  const proto = graph.initializers.get(name);
  return proto === undefined ? Number.NaN : Number(valuesOf(tensorValue(proto))[0]);
}
