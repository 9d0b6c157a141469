/**
 * A tiny decoder-only transformer for the language (Vaswani et al., 2017; normalization before each part as in GPT-2),
 * written with plain operators, so that a quantizer sees each product of matrices.
 */
import { tensor } from "@bitbudget/core";
import { type ModelProto, makeValueInfo } from "@bitbudget/onnx";
import { vocabulary } from "../language/grammar.ts";
import { contextLength } from "../language/text.ts";
import { Builder, batched } from "./builder.ts";

const layers = 2;
const width = 64;
const heads = 4;
const hidden = 4 * width;
const headWidth = width / heads;

/**
 * The network with initial weights (normal, deviation 0.02 for embeddings; Xavier's elsewhere; what ends in a residual
 * sum is scaled by 1 / sqrt(2 layers), as in GPT-2). Input `tokens`: int64 [batch, 64], places in `vocabulary`. Output
 * `logits`: float32 [batch, 64, characters]; place t says what follows tokens 0 to t.
 */
export function buildLanguageTransformer(seed = 0): ModelProto {
  const graph = new Layers(seed);
  const characters = vocabulary.length;
  graph.int64("split", [0, contextLength, heads, headWidth]);
  graph.int64("join", [0, contextLength, width]);
  graph.constant("scale", tensor("float32", [], [1 / Math.sqrt(headWidth)]));
  graph.constant("mask", causalMask(contextLength));

  const embedding = graph.weight("embedding.weight", [characters, width], 0.02);
  const position = graph.weight("position.weight", [contextLength, width], 0.02);
  let x = graph.node("Gather", "embedding", [embedding, "tokens"], { axis: 0n });
  x = graph.node("Add", "embedded", [x, position]);
  for (let i = 0; i < layers; i++) {
    x = attention(graph, `layer${i}.attention`, x);
    x = feedForward(graph, `layer${i}.mlp`, x);
  }
  x = graph.normalization("norm", x);
  graph.linear("logits", x, width, characters);

  const input = makeValueInfo("tokens", "int64", ["batch", contextLength]);
  return graph.build("language-transformer", [input], [batched("logits", contextLength, characters)], {
    "tokens.vocabulary": vocabulary,
    "logits.meaning": "place t: what follows tokens 0 to t",
  });
}

/** x + attention(norm(x)), each place looking at itself and what is before it. */
function attention(graph: Layers, name: string, x: string): string {
  const normal = graph.normalization(`${name}.norm`, x);
  const part = (which: string, perm: readonly bigint[]) => {
    const y = graph.linear(`${name}.${which}`, normal, width, width);
    const split = graph.node("Reshape", `${name}.${which}.split`, [y, "split"]);
    return graph.node("Transpose", `${name}.${which}.heads`, [split], { perm });
  };
  const query = part("query", [0n, 2n, 1n, 3n]);
  const key = part("key", [0n, 2n, 3n, 1n]);
  const value = part("value", [0n, 2n, 1n, 3n]);
  const products = graph.node("MatMul", `${name}.products`, [query, key]);
  const scaled = graph.node("Mul", `${name}.scaled`, [products, "scale"]);
  const masked = graph.node("Add", `${name}.masked`, [scaled, "mask"]);
  const shares = graph.node("Softmax", `${name}.shares`, [masked], { axis: -1n });
  const mixed = graph.node("MatMul", `${name}.mixed`, [shares, value]);
  const turned = graph.node("Transpose", `${name}.turned`, [mixed], { perm: [0n, 2n, 1n, 3n] });
  const joined = graph.node("Reshape", `${name}.joined`, [turned, "join"]);
  return graph.node("Add", `${name}.sum`, [x, graph.linear(`${name}.out`, joined, width, width, residual)]);
}

/** x + down(gelu(up(norm(x)))). */
function feedForward(graph: Layers, name: string, x: string): string {
  const up = graph.linear(`${name}.up`, graph.normalization(`${name}.norm`, x), width, hidden);
  const active = graph.node("Gelu", `${name}.gelu`, [up]);
  const down = graph.linear(`${name}.down`, active, hidden, width, residual);
  return graph.node("Add", `${name}.sum`, [x, down]);
}

const residual = 1 / Math.sqrt(2 * layers);

class Layers extends Builder {
  /** x times a matrix [from, to], and a bias. */
  linear(name: string, x: string, from: number, to: number, gain = 1): string {
    const weight = this.weight(`${name}.weight`, [from, to], gain * Math.sqrt(2 / (from + to)));
    const product = this.node("MatMul", `${name}.product`, [x, weight]);
    return this.node("Add", name, [product, this.filled(`${name}.bias`, [to], 0)]);
  }

  normalization(name: string, x: string): string {
    const parameters = [this.filled(`${name}.scale`, [width], 1), this.filled(`${name}.shift`, [width], 0)];
    return this.node("LayerNormalization", name, [x, ...parameters], { axis: -1n, epsilon: 1e-5 });
  }
}

/** [length, length]: 0 where a place may look, and far below any score, yet finite in float16, where it may not. */
function causalMask(length: number) {
  const mask = Float32Array.from({ length: length * length }, (_, i) =>
    i % length > Math.floor(i / length) ? -30000 : 0,
  );
  return tensor("float32", [length, length], mask);
}
