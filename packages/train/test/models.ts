/** Small models to train, with weights that are the same in every run. */
import { type HostTensor, tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeProto,
  toTensorProto,
} from "@bitbudget/onnx";
import { type Batch, randomNumbers } from "../src/index.ts";

export interface ModelParts {
  readonly input: readonly (string | number)[];
  readonly nodes: readonly NodeProto[];
  readonly initializers: Readonly<Record<string, HostTensor>>;
  readonly output: string;
}

/** A model with one float32 input "x". */
export function model({ input, nodes, initializers, output }: ModelParts): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph: create(GraphProtoSchema, {
      name: "model",
      input: [makeValueInfo("x", "float32", input)],
      output: [makeValueInfo(output, "float32")],
      initializer: Object.entries(initializers).map(([name, value]) => toTensorProto(value, name)),
      node: [...nodes],
    }),
  });
}

/** Numbers from -size to size. */
export function uniform(shape: readonly number[], size: number, seed: number): HostTensor<"float32"> {
  const random = randomNumbers(seed);
  const count = shape.reduce((a, b) => a * b, 1);
  return tensor(
    "float32",
    shape,
    Float32Array.from({ length: count }, () => (2 * random() - 1) * size),
  );
}

/** Linear layers with tanh between them: "w0" and "b0", "w1" and "b1" and so on; the output is "logits". */
export function mlp(sizes: readonly number[], seed = 1): ModelProto {
  const nodes: NodeProto[] = [];
  const initializers: Record<string, HostTensor> = {};
  let value = "x";
  for (let i = 0; i + 1 < sizes.length; i++) {
    const [from, to] = [sizes[i]!, sizes[i + 1]!];
    initializers[`w${i}`] = uniform([from, to], Math.sqrt(3 / from), seed * 100 + i);
    initializers[`b${i}`] = tensor("float32", [to]);
    const last = i + 2 === sizes.length;
    const sum = last ? "logits" : `sum${i}`;
    nodes.push(makeNode("Gemm", [value, `w${i}`, `b${i}`], [sum], { name: `layer ${i}` }));
    if (!last) nodes.push(makeNode("Tanh", [sum], [`hidden${i}`], { name: `tanh ${i}` }));
    value = `hidden${i}`;
  }
  return model({ input: ["batch", sizes[0]!], nodes, initializers, output: "logits" });
}

/** As `mlp` with a hidden layer, half of which is dropped in training. */
export function dropping(hidden: number): ModelProto {
  const initializers = {
    w0: uniform([2, hidden], 1, 1),
    w1: uniform([hidden, 2], 1, 2),
    ratio: tensor("float32", [], [0.5]),
    training: tensor("bool", [], [1]),
  };
  const nodes = [
    makeNode("MatMul", ["x", "w0"], ["hidden"]),
    makeNode("Dropout", ["hidden", "ratio", "training"], ["dropped"]),
    makeNode("MatMul", ["dropped", "w1"], ["logits"]),
  ];
  return model({ input: ["batch", 2], nodes, initializers, output: "logits" });
}

/** Two half circles around each other, which no line separates. */
export function moons(count: number, seed: number): Batch {
  const random = randomNumbers(seed);
  const points = new Float32Array(2 * count);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const upper = i % 2 === 0;
    const angle = Math.PI * random();
    const noise = () => 0.1 * (random() + random() - 1);
    points[2 * i] = (upper ? Math.cos(angle) : 1 - Math.cos(angle)) + noise();
    points[2 * i + 1] = (upper ? Math.sin(angle) : 0.5 - Math.sin(angle)) + noise();
    labels[i] = upper ? 0 : 1;
  }
  return {
    feeds: { x: tensor("float32", [count, 2], points) },
    targets: { labels: tensor("int32", [count], labels) },
  };
}
