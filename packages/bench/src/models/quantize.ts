/** What quantizers make of a model: QDQ with 8-bit codes, as onnxruntime's static quantizer writes it, or MatMulNBits. */
import { type HostTensor, pack, quantize, scalesOf, tensor } from "@bitbudget/core";
import {
  clone,
  Graph,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  type NodeProto,
  prune,
  tensorValue,
  toTensorProto,
} from "@bitbudget/onnx";

/** Smallest and largest value of an activation. */
export type Range = readonly [number, number];

/** "image": everything between the layers, too. "transformer": products with weights; the rest stays in float32. */
export type Recipe = "image" | "transformer";

const imageOps: readonly string[] = ["Conv", "Gemm", "Add", "Mul", "Concat", "MaxPool", "GlobalAveragePool"];
const products: readonly string[] = ["Conv", "Gemm", "MatMul"];
/** Clamps that end in the codes of the output: no codes between them and what they follow. */
const clamps: readonly string[] = ["Relu", "Clip"];

/** Names of the activations that will have codes: those whose ranges are needed. */
export function codedActivations(model: ModelProto, recipe: Recipe): string[] {
  const graph = Graph.of(model);
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (!isQuantized(graph, node, recipe)) continue;
    for (const name of node.input) if (name !== "" && !graph.initializers.has(name)) names.add(name);
    const [output = ""] = node.output;
    const uses = graph.consumers(output);
    const clamp = uses.length === 1 ? uses[0]?.node : undefined;
    names.add(clamp !== undefined && clamps.includes(clamp.opType) ? (clamp.output[0] ?? "") : output);
  }
  return [...names];
}

function isQuantized(graph: Graph, { opType, input }: NodeProto, recipe: Recipe): boolean {
  if (recipe === "image") return imageOps.includes(opType);
  return products.includes(opType) && graph.initializers.has(input[1] ?? "");
}

/** uint8 activations, int8 weights with a scale per channel, int32 biases: QuantizeLinear and DequantizeLinear around each. */
export function quantizeQdq(
  model: ModelProto,
  recipe: Recipe,
  ranges: ReadonlyMap<string, Range>,
): ModelProto {
  const copy = clone(ModelProtoSchema, model);
  const graph = Graph.of(copy);
  const quantized = graph.nodes.filter((node) => isQuantized(graph, node, recipe));
  const scales = new Map<string, number>();
  const constant = (name: string, value: HostTensor) => {
    if (!graph.initializers.has(name)) graph.initializers.set(toTensorProto(value, name));
    return name;
  };
  for (const name of codedActivations(model, recipe)) {
    const [scale, zeroPoint] = codesFor(ranges.get(name) ?? [0, 1]);
    scales.set(name, scale);
    const parameters = [
      constant(`${name}_scale`, tensor("float32", [], [scale])),
      constant(`${name}_zero`, tensor("uint8", [], [zeroPoint])),
    ];
    const codes = `${name}_codes`;
    const producer = graph.producer(name);
    // What was computed gets another name, so that all who read it, outputs of the graph included, see the codes.
    const raw = producer === undefined ? name : `${name}_raw`;
    const seen = producer === undefined ? `${name}_seen` : name;
    const uses = producer === undefined ? graph.consumers(name) : [];
    for (const { node } of uses) node.input = node.input.map((input) => (input === name ? seen : input));
    if (producer !== undefined) producer.output[producer.output.indexOf(name)] = raw;
    graph.proto.node.push(
      makeNode("QuantizeLinear", [raw, ...parameters], [codes], { name: `${name}_q` }),
      makeNode("DequantizeLinear", [codes, ...parameters], [seen], { name: `${name}_dq` }),
    );
  }
  for (const node of quantized)
    if (products.includes(node.opType)) codeWeights(graph, node, scales, constant);
  graph.refresh();
  graph.sort();
  prune(graph);
  return copy;
}

function codeWeights(
  graph: Graph,
  node: NodeProto,
  scales: ReadonlyMap<string, number>,
  constant: (name: string, value: HostTensor) => string,
): void {
  const [x = "", w = "", bias = ""] = node.input;
  const proto = graph.initializers.get(w);
  if (proto === undefined) return;
  const weight = tensorValue(proto);
  if (!(weight.data instanceof Float32Array)) return;
  // Channels of the output: the filters of a Conv and the rows of a transposed Gemm come first, columns of a MatMul last.
  const axis = node.opType === "MatMul" ? 1 : 0;
  const seen = `${w}_seen`;
  if (graph.initializers.get(`${w}_codes`) === undefined) {
    const quantized = quantize(weight.data, weight.shape, {
      dtype: "int8",
      granularity: { kind: "channel", axis },
      mapping: { kind: "affine", symmetric: true },
    });
    const channels = weight.shape[axis] ?? 0;
    const parts = [
      constant(`${w}_codes`, tensor("int8", weight.shape, quantized.codes as Int8Array)),
      constant(`${w}_scale`, tensor("float32", [channels], scalesOf(quantized))),
      constant(`${w}_zero`, tensor("int8", [channels])),
    ];
    graph.proto.node.push(dequantize(parts, seen, axis));
  }
  node.input[1] = seen;
  const floatBias = graph.initializers.get(bias);
  if (floatBias === undefined) return;
  const wScale = tensorValue(graph.initializers.get(`${w}_scale`)!).data as Float32Array;
  const xScale = scales.get(x.replace(/_seen$/, "")) ?? 1;
  const biasScale = wScale.map((s) => s * xScale);
  const sums = Int32Array.from(tensorValue(floatBias).data as Float32Array, (b, i) =>
    Math.round(b / biasScale[i]!),
  );
  const parts = [
    constant(`${bias}_codes`, tensor("int32", [sums.length], sums)),
    constant(`${bias}_scale`, tensor("float32", [sums.length], biasScale)),
  ];
  graph.proto.node.push(dequantize(parts, `${bias}_seen`, 0));
  node.input[2] = `${bias}_seen`;
}

function dequantize(parts: readonly string[], output: string, axis: number): NodeProto {
  return makeNode("DequantizeLinear", parts, [output], {
    name: `${output}_dq`,
    attributes: { axis: BigInt(axis) },
  });
}

/** ONNX QuantizeLinear's scale and zero point for a range, which is made to hold 0. */
function codesFor([low, high]: Range): [number, number] {
  const [min, max] = [Math.min(low, 0), Math.max(high, 0)];
  const scale = Math.fround((max - min) / 255) || 1;
  return [scale, Math.min(255, Math.max(0, Math.round(-min / scale)))];
}

const BLOCK = 32;

/** 4-bit weights in blocks of 32, symmetric, in the place of every product with a constant matrix. */
export function quantizeNBits(model: ModelProto): ModelProto {
  const copy = clone(ModelProtoSchema, model);
  const graph = Graph.of(copy);
  for (const node of graph.nodes) {
    const [x = "", w = ""] = node.input;
    const proto = node.opType === "MatMul" ? graph.initializers.get(w) : undefined;
    if (proto === undefined) continue;
    const { shape, data } = tensorValue(proto);
    const [k = 0, n = 0] = shape;
    if (k % BLOCK !== 0 || !(data instanceof Float32Array)) continue;
    if (!graph.initializers.has(`${w}_codes`)) {
      const { codes, scale } = blocks(data, k, n);
      graph.initializers.set(toTensorProto(codes, `${w}_codes`));
      graph.initializers.set(toTensorProto(scale, `${w}_scale`));
    }
    node.opType = "MatMulNBits";
    node.domain = "com.microsoft";
    node.input = [x, `${w}_codes`, `${w}_scale`];
    const attributes = { K: BigInt(k), N: BigInt(n), bits: 4n, block_size: BigInt(BLOCK) };
    node.attribute = makeNode("", [], [], { attributes }).attribute;
  }
  graph.refresh();
  prune(graph);
  return copy;
}

/** [k, n] as rows of codes around 8, with a scale for each block. */
function blocks(w: Float32Array, k: number, n: number): { codes: HostTensor; scale: HostTensor } {
  const codes = new Uint8Array(n * k);
  const scale = new Float32Array((n * k) / BLOCK);
  for (let row = 0, block = 0; row < n; row++)
    for (let start = 0; start < k; start += BLOCK, block++) {
      let largest = 0;
      for (let i = start; i < start + BLOCK; i++) largest = Math.max(largest, Math.abs(w[i * n + row]!));
      const s = largest / 7 || 1;
      scale[block] = s;
      for (let i = start; i < start + BLOCK; i++) codes[row * k + i] = Math.round(w[i * n + row]! / s) + 8;
    }
  return {
    codes: tensor("uint8", [n, k / BLOCK, BLOCK / 2], pack(codes, 4)),
    scale: tensor("float32", [(n * k) / BLOCK], scale),
  };
}
