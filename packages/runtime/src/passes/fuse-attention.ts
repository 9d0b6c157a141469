/**
 * Attention spelled out, MatMul(Softmax(MatMul(q, k^T) * scale + mask), v), becomes the internal operator Attention (Vaswani
 * et al. 2017). Results differ in one place: queries whose keys are all masked with -Infinity give 0, as in ONNX
 * Attention, where the spelled-out softmax makes NaN.
 */
import { tensor, valuesOf } from "@bitbudget/core";
import { findAttribute, type Graph, getInt, getInts, makeNode, type NodeProto } from "@bitbudget/onnx";
import type { PassOptions } from "./index.ts";
import {
  addConstant,
  constant,
  constantNumber,
  INTERNAL,
  isOp,
  nodesOf,
  replaceChain,
  soleConsumer,
} from "./match.ts";

export function fuseAttention(graph: Graph, { opset }: PassOptions): void {
  for (const softmax of nodesOf(graph, "Softmax")) {
    const axis = getInt(softmax, "axis", opset < 13 ? 1 : -1);
    const product = soleConsumer(graph, softmax.output[0]);
    // A fourth axis is the last one wherever the kernel takes the shapes.
    if ((axis !== -1 && axis !== 3) || !isOp(product, "MatMul") || product.input[0] !== softmax.output[0])
      continue;
    const masked = maskedScores(graph, softmax);
    if (masked !== undefined) fuse(graph, masked, softmax, product, opset);
  }
}

/** The scores on their way to the softmax. */
interface Scores {
  readonly product: NodeProto;
  /** The transposition of the keys, of four axes, the last two swapped at the end. */
  readonly transposed: NodeProto;
  readonly perm: readonly number[];
  /** Mul or Div by the constant `factor`. */
  readonly scaled?: NodeProto;
  readonly factor?: string;
}
interface MaskedScores {
  readonly scores: Scores;
  readonly masked?: NodeProto;
  readonly mask?: string;
}

function fuse(
  graph: Graph,
  { scores, masked, mask = "" }: MaskedScores,
  softmax: NodeProto,
  last: NodeProto,
  opset: number,
): void {
  const { product, transposed, perm, scaled } = scores;
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = perm;
  const order = [p0, p1, p3, p2];
  const isPlain = order.every((axis, i) => axis === i);
  const [stored = ""] = transposed.input;
  const k = isPlain ? stored : graph.uniqueName(`${stored}_keys`);
  const keys = isPlain
    ? []
    : [
        makeNode("Transpose", [stored], [k], {
          name: transposed.name,
          attributes: { perm: order.map(BigInt) },
        }),
      ];
  const attention = makeNode(
    "Attention",
    [product.input[0] ?? "", k, last.input[1] ?? "", mask, scaleOf(graph, scores)],
    last.output,
    { name: softmax.name, domain: INTERNAL, attributes: { opset: BigInt(opset) } },
  );
  const axis = findAttribute(softmax, "axis");
  if (axis !== undefined) attention.attribute.push(axis);
  const chain = [transposed, product, scaled, masked, softmax, last].filter((node) => node !== undefined);
  replaceChain(graph, chain, ...keys, attention);
}

/** The name of what the scores are multiplied by; "" for nothing. */
function scaleOf(graph: Graph, { scaled, factor = "" }: Scores): string {
  const divisor = isOp(scaled, "Div") ? constant(graph, factor) : undefined;
  if (divisor === undefined) return factor;
  const inverse = tensor(
    divisor.dtype,
    [],
    Float64Array.from(valuesOf(divisor), (x) => 1 / x),
  );
  return addConstant(graph, `${factor}_inverse`, inverse);
}

function maskedScores(graph: Graph, softmax: NodeProto): MaskedScores | undefined {
  const [value] = softmax.input;
  const scores = scaledScores(graph, value, softmax);
  if (scores !== undefined) return { scores };
  const masked = onlyFor(graph, value, softmax);
  if (!isOp(masked, "Add")) return undefined;
  for (const [i, input] of masked.input.entries()) {
    const scores = scaledScores(graph, input, masked);
    const mask = masked.input[1 - i];
    if (scores !== undefined && mask !== undefined) return { scores, masked, mask };
  }
  return undefined;
}

function scaledScores(graph: Graph, value: string | undefined, user: NodeProto): Scores | undefined {
  const node = onlyFor(graph, value, user);
  if (node === undefined) return undefined;
  if (isOp(node, "MatMul")) return productWithKeys(graph, node);
  if (!isOp(node, "Mul", "Div")) return undefined;
  const factorAt = isOp(node, "Mul") && constantNumber(graph, node.input[0]) !== undefined ? 0 : 1;
  const factor = node.input[factorAt];
  const product = onlyFor(graph, node.input[1 - factorAt], node);
  const scores = isOp(product, "MatMul") ? productWithKeys(graph, product) : undefined;
  if (scores === undefined || factor === undefined || constantNumber(graph, factor) === undefined)
    return undefined;
  return { ...scores, scaled: node, factor };
}

function productWithKeys(graph: Graph, product: NodeProto): Scores | undefined {
  const transposed = onlyFor(graph, product.input[1], product);
  const perm = isOp(transposed, "Transpose") ? getInts(transposed, "perm", []) : [];
  return transposed !== undefined && perm.length === 4 ? { product, transposed, perm } : undefined;
}

/** The node that makes a value which only one other node uses. */
function onlyFor(graph: Graph, value: string | undefined, user: NodeProto): NodeProto | undefined {
  return soleConsumer(graph, value) === user ? graph.producer(value ?? "") : undefined;
}
