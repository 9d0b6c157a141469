/** A small residual network with a depthwise convolution, normalizations and a Gemm; and data for it. */
import { tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  toTensorProto,
} from "@bitbudget/onnx";
import type { Feeds } from "@bitbudget/runtime";
import { randomNumbers } from "../../src/index.ts";

type Random = () => number;

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function draw(random: Random, shape: readonly number[], deviation: number, mean = 0) {
  const length = shape.reduce((a, b) => a * b, 1);
  return tensor(
    "float32",
    shape,
    Float32Array.from({ length }, () => mean + deviation * normal(random)),
  );
}

export interface NetworkOptions {
  /** Whether normalizations follow the convolutions. */
  readonly norms?: boolean;
  readonly seed?: number;
}

/** Input `image` [batch, 3, 8, 8], output `logits` [batch, 5]. */
export function network({ norms = false, seed = 1 }: NetworkOptions = {}): ModelProto {
  const random = randomNumbers(seed);
  const initializers = new Map([
    ["zero", tensor("float32", [], [0])],
    ["six", tensor("float32", [], [6])],
  ]);
  const nodes: ReturnType<typeof makeNode>[] = [];
  const node = (opType: string, inputs: string[], output: string, attributes = {}) => {
    nodes.push(makeNode(opType, inputs, [output], { name: output, attributes }));
    return output;
  };
  const weight = (name: string, shape: number[], deviation: number, mean = 0) => {
    initializers.set(name, draw(random, shape, deviation, mean));
    return name;
  };
  const conv = (name: string, x: string, [from, to, kernel, group]: [number, number, number, number]) => {
    const terms = (from / group) * kernel * kernel;
    const w = weight(`${name}.weight`, [to, from / group, kernel, kernel], Math.sqrt(2 / terms));
    const size = BigInt(kernel);
    const pad = (size - 1n) / 2n;
    const attributes = { kernel_shape: [size, size], pads: [pad, pad, pad, pad], group: BigInt(group) };
    if (!norms) return node("Conv", [x, w, weight(`${name}.bias`, [to], 0.2)], `${name}.out`, attributes);
    const y = node("Conv", [x, w], `${name}.sum`, attributes);
    const parameters = [
      weight(`${name}.gamma`, [to], 0.1, 1),
      weight(`${name}.beta`, [to], 0.2),
      weight(`${name}.mean`, [to], 0.1),
      weight(`${name}.variance`, [to], 0.05, 1),
    ];
    return node("BatchNormalization", [y, ...parameters], `${name}.out`, { epsilon: 1e-3 });
  };
  const stem = node("Relu", [conv("stem", "image", [3, 8, 3, 1])], "stem.relu");
  const deep = node("Clip", [conv("deep", stem, [8, 8, 3, 8]), "zero", "six"], "deep.relu");
  const point = conv("point", deep, [8, 8, 1, 1]);
  const sum = node("Relu", [node("Add", [point, stem], "sum")], "sum.relu");
  const last = node("Relu", [conv("last", sum, [8, 12, 3, 1])], "last.relu");
  const pooled = node("Flatten", [node("GlobalAveragePool", [last], "pool")], "flat", { axis: 1n });
  node("Gemm", [pooled, weight("head.weight", [5, 12], 0.4), weight("head.bias", [5], 0.1)], "logits", {
    transB: 1n,
  });
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph: create(GraphProtoSchema, {
      name: "network",
      input: [makeValueInfo("image", "float32", ["batch", 3, 8, 8])],
      output: [makeValueInfo("logits", "float32", ["batch", 5])],
      initializer: Array.from(initializers, ([name, value]) => toTensorProto(value, name)),
      node: nodes,
    }),
  });
}

/** Batches of images with numbers from about -1 to 1. */
export function images(count: number, size: number, seed = 7): Feeds[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => ({ image: draw(random, [size, 3, 8, 8], 0.6) }));
}
