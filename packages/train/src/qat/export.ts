/**
 * A model of quantization-aware training as one for inference: weights and biases become codes, batch normalizations are
 * folded. What is left is ONNX's QDQ form, which runtimes turn into integer kernels.
 */
import {
  dtypes,
  forEachRun,
  groupsOf,
  type HostTensor,
  roundHalfEven,
  tensor,
  valuesOf,
} from "@bitbudget/core";
import {
  Graph,
  getInt,
  type ModelProto,
  makeNode,
  type NodeProto,
  nodeName,
  opsetVersion,
  prune,
  tensorValue,
} from "@bitbudget/onnx";
import { TrainingError } from "../errors.ts";
import { channelAxis } from "../operators/coded-products.ts";
import { asInitializer } from "./constants.ts";
import { hasMark, quantizerMark, unmark, unmarkTrained } from "./marks.ts";
import { foldNorms } from "./norms.ts";
import { addInitializer, floatsOf, isOp } from "./tensors.ts";

export interface ExportOptions {
  /**
   * How codes of weights are stored: "bytes" as int8, which integer kernels of every runtime take; "packed" as int4 where
   * that has them; "exact" also as int2, in a model of opset 25, which onnxruntime 1.30 does not load where its weights are
   * of convolutions. Default "packed".
   */
  readonly weights?: "bytes" | "packed" | "exact";
  /**
   * How activations of less than 8 bits are stored: "bytes" as uint8 with a Clip to the narrower range, which integer
   * kernels of every runtime take; "exact" in a format of 4 or 2 bits where there is one, which onnxruntime 1.30 does not
   * load before convolutions. Default "bytes".
   */
  readonly activations?: "bytes" | "exact";
}

/** Opset with int2, and the version of the format that goes with it. */
const OPSET_OF_INT2 = 25n;
const IR_OF_INT2 = 13n;

/** @throws TrainingError for a bias that no int32 code holds, or a step that is not positive */
export function exportQuantized(model: ModelProto, options: ExportOptions = {}): ModelProto {
  const { weights = "packed", activations = "bytes" } = options;
  const exported = foldNorms(model);
  const graph = Graph.of(exported);
  for (const node of [...graph.nodes]) if (isOp(node, "Conv", "Gemm")) biasToCodes(graph, node);
  for (const node of [...graph.nodes]) {
    if (!isOp(node, "QuantizeLinear") || !hasMark(node)) continue;
    const { isActivation } = quantizerMark(node);
    unmark(node);
    if (!isActivation) weightToCodes(graph, node, weights);
    else if (activations === "exact") narrowCodes(graph, node);
  }
  graph.sort();
  prune(graph);
  unmarkTrained(graph);
  const usesInt2 = [...graph.initializers].some(({ dataType }) =>
    [dtypes.int2.onnx, dtypes.uint2.onnx].includes(dataType),
  );
  if (usesInt2) raiseOpset(exported);
  return exported;
}

function raiseOpset(model: ModelProto): void {
  if (opsetVersion(model) >= Number(OPSET_OF_INT2)) return;
  for (const each of model.opsetImport)
    if (each.domain === "" || each.domain === "ai.onnx") each.version = OPSET_OF_INT2;
  if (model.irVersion < IR_OF_INT2) model.irVersion = IR_OF_INT2;
}

/** The Clip of codes after a quantizer, and its bounds. */
function narrowing(graph: Graph, quantize: NodeProto) {
  const clip = graph.consumers(quantize.output[0] ?? "")[0]?.node;
  if (!isOp(clip, "Clip")) return undefined;
  const [low = 0, high = 0] = clip.input.slice(1).map((name) => Number(valuesOf(constantOf(graph, name))[0]));
  return { clip, low, high };
}

/** round(w / step), half to even, saturated: what the nodes compute. */
function weightToCodes(graph: Graph, quantize: NodeProto, storage: "bytes" | "packed" | "exact"): void {
  const [given = "", scaleName = ""] = quantize.input;
  const name = asInitializer(graph, given);
  const [weight, scale] = [floatsOf(graph, name), floatsOf(graph, scaleName)];
  checkSteps(quantize, scale.data);
  const narrow = narrowing(graph, quantize);
  const { low, high } = narrow ?? { low: dtypes.int8.min, high: dtypes.int8.max };
  const axis = getInt(quantize, "axis", 1);
  const size = getInt(quantize, "block_size", 0);
  const groups = groupsOf(
    weight.shape,
    size > 0
      ? { kind: "block", axis, size }
      : scale.shape.length > 0
        ? { kind: "channel", axis }
        : { kind: "tensor" },
  );
  const codes = new Int8Array(weight.data.length);
  forEachRun(groups, 0, codes.length, (at, length, group) => {
    for (let i = at; i < at + length; i++) {
      const step = scale.data[groups.columnwise ? group + i - at : group]!;
      const code = roundHalfEven(Math.fround(weight.data[i]! / step));
      codes[i] = Math.min(Math.max(code, low), high);
    }
  });
  const narrowest = formats[storage].find((each) => low >= dtypes[each].min && high <= dtypes[each].max);
  const dtype = narrowest ?? "int8";
  const stored = addInitializer(graph, `${name}_codes`, tensor(dtype, weight.shape, Array.from(codes)));
  graph.replaceAllUses((narrow?.clip ?? quantize).output[0] ?? "", stored);
}

/** Formats of weights, the narrowest first. */
const formats = {
  bytes: ["int8"],
  packed: ["int4", "int8"],
  exact: ["int2", "int4", "int8"],
} as const;

/** int32 in units of the sum of products: the code that training rounds a bias to. */
function biasToCodes(graph: Graph, node: NodeProto): void {
  const [x = "", w = "", offset = ""] = node.input;
  const [xCodes, wCodes] = [x, w].map((name) => graph.producer(name));
  if (offset === "") return;
  const bias = isComputed(graph, offset) ? asInitializer(graph, offset) : offset;
  if (bias !== offset) graph.setInput(node, 2, bias);
  if (!graph.initializers.has(bias)) return;
  if (!isOp(xCodes, "DequantizeLinear") || !isOp(wCodes, "DequantizeLinear")) return;
  const [xScale, wScale] = [xCodes, wCodes].map((each) => floatsOf(graph, each.input[1] ?? ""));
  if (xScale === undefined || wScale === undefined || xScale.data.length !== 1) return;
  const inBlocks = getInt(wCodes, "block_size", 0) > 0;
  const axis = getInt(wCodes, "axis", 1);
  if (inBlocks || (wScale.data.length > 1 && axis !== channelAxis(node))) return;
  const given = floatsOf(graph, bias);
  if (given.shape.length !== 1) return;
  const units = wScale.data.map((scale) => xScale.data[0]! * scale);
  const codes = given.data.map((value, c) =>
    roundHalfEven(Math.fround(value / units[units.length === 1 ? 0 : c]!)),
  );
  const far = codes.findIndex((code) => !(Math.abs(code) <= dtypes.int32.max));
  if (far >= 0)
    throw new TrainingError(
      `the bias of ${JSON.stringify(nodeName(node))} in channel ${far} is ${given.data[far]}, which is ${codes[far]} in units of its products: int32 does not hold it; give the layer larger steps`,
    );
  const stored = addInitializer(graph, `${bias}_codes`, tensor("int32", given.shape, Array.from(codes)));
  const scale = addInitializer(graph, `${bias}_scale`, tensor("float32", wScale.shape, units));
  const decoded = graph.uniqueName(`${bias}_quantized`);
  const attributes = { axis: 0n };
  graph.insert(makeNode("DequantizeLinear", [stored, scale], [decoded], { name: decoded, attributes }), {
    before: node,
  });
  graph.setInput(node, 2, decoded);
}

/** Whether a bias is what folding a normalization leaves. */
function isComputed(graph: Graph, name: string): boolean {
  return isOp(graph.producer(name), "Sub", "Add");
}

/** Codes of 4 or 2 bits in their own format instead of a Clip. */
function narrowCodes(graph: Graph, quantize: NodeProto): void {
  checkSteps(quantize, floatsOf(graph, quantize.input[1] ?? "").data);
  const narrow = narrowing(graph, quantize);
  if (narrow === undefined) return;
  const { clip, low, high } = narrow;
  const bits = Math.log2(high - low + 1);
  const zeroName = quantize.input[2] ?? "";
  const zero = Number(valuesOf(constantOf(graph, zeroName))[0]);
  if (bits !== 4 && bits !== 2) return;
  const dtype = low === 0 ? (`uint${bits}` as const) : (`int${bits}` as const);
  // Signed codes are stored about a zero point in the middle of the bytes.
  const moved = tensor(dtype, [], [low === 0 ? zero : 0]);
  const name = addInitializer(graph, `${zeroName}_${dtype}`, moved);
  graph.setInput(quantize, 2, name);
  for (const { node } of graph.consumers(clip.output[0] ?? ""))
    if (isOp(node, "DequantizeLinear")) graph.setInput(node, 2, name);
  graph.replaceAllUses(clip.output[0] ?? "", quantize.output[0] ?? "");
}

function checkSteps(quantize: NodeProto, steps: Float32Array): void {
  const bad = steps.findIndex((step) => !(step > 0 && step < Number.POSITIVE_INFINITY));
  if (bad >= 0)
    throw new TrainingError(
      `step ${bad} of quantizer ${JSON.stringify(nodeName(quantize))} is ${steps[bad]}, not a positive number; train it with \`stepGroups\`, which keeps it above 0`,
    );
}

function constantOf(graph: Graph, name: string): HostTensor {
  const proto = graph.initializers.get(name);
  if (proto === undefined) throw new TrainingError(`${JSON.stringify(name)} is no initializer`);
  return tensorValue(proto);
}
