/** What stands between the products: elementwise functions, softmax, normalization; and attention, in float32. */
import type { AnySpec } from "@bitbudget/backend";
import { type HostTensor, tensor } from "@bitbudget/core";
import { makeNode, type NodeProto } from "@bitbudget/onnx";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Tolerance } from "../compare.ts";
import { Random } from "../random.ts";
import type { Tfjs } from "../rivals/rivals.ts";
import { oneOp } from "./one-op.ts";
import { type KernelCase, label, type TfjsRival } from "./problem.ts";

interface Float {
  readonly op: string;
  /** Of the inputs, which are fed as a, b, c, ... */
  readonly shapes: readonly (readonly number[])[];
  readonly output: readonly number[];
  readonly spec: (inputs: AnySpec["inputs"]) => AnySpec;
  readonly weights?: Readonly<Record<"scale" | "bias", HostTensor>>;
  readonly nodes: readonly NodeProto[];
  readonly opset?: number;
  readonly tfjs?: (tf: Tfjs, a: Tensor, b: Tensor) => Tensor;
  readonly tolerance?: Tolerance;
  readonly macs?: number;
}

function float(of: Float): KernelCase {
  const { op, shapes, output, nodes, weights = {}, opset = 23, tolerance = { max: 1e-4 } } = of;
  return {
    op,
    scheme: "float32",
    shape: shapes.map((shape) => label(...shape)).join(", "),
    build() {
      const random = new Random(shapes.length);
      const inputs = shapes.map((shape) =>
        tensor("float32", shape, random.normal(shape.reduce((a, b) => a * b, 1))),
      );
      const feeds = Object.fromEntries(inputs.map((input, i) => [String.fromCharCode(97 + i), input]));
      return {
        spec: of.spec(shapes.map((shape) => ({ dtype: "float32", shape }))),
        weights,
        inputs,
        macs: of.macs,
        values: ({ data }) => data as Float32Array,
        onnx: [
          {
            name: nodes.at(-1)?.opType ?? "",
            model: oneOp({
              nodes,
              inputs: feeds,
              initializers: weights,
              output: { dtype: "float32", shape: output },
              opset,
            }),
            feeds,
            values: ({ data }) => data as Float32Array,
            tolerance,
          },
        ],
        ...(of.tfjs !== undefined && { tfjs: tfjsRival(of.tfjs, inputs, tolerance) }),
      };
    },
  };
}

function tfjsRival(
  run: (tf: Tfjs, a: Tensor, b: Tensor) => Tensor,
  inputs: readonly HostTensor[],
  tolerance: Tolerance,
): TfjsRival {
  return {
    tolerance,
    prepare: (tf) => ({
      run: () =>
        tf.tidy(() => {
          const [a, b = a] = inputs.map(({ data, shape }) => tf.tensor(data as Float32Array, [...shape]));
          return run(tf, a!, b!);
        }),
      release: () => {},
    }),
    values: (result) => result,
  };
}

const pixels = [1, 56, 56, 64];
const tokens = [128, 768];
const scores = [12, 128, 128];
const norm = (size: number) => ({
  scale: tensor("float32", [size], new Random(1).normal(size, 0.1, 1)),
  bias: tensor("float32", [size], new Random(2).normal(size, 0.1)),
});

function attention(heads: number, kvHeads: number, m: number, n: number, d: number): KernelCase {
  const scale = d ** -0.5;
  return float({
    op: "attention",
    shapes: [
      [1, heads, m, d],
      [1, kvHeads, n, d],
      [1, kvHeads, n, d],
    ],
    output: [1, heads, m, d],
    spec: (inputs) => ({ op: "attention", inputs, attributes: { scale } }),
    nodes: [makeNode("Attention", ["a", "b", "c"], ["y"], { attributes: { scale } })],
    macs: heads * m * n * d * 2,
  });
}

export const otherCases: readonly KernelCase[] = [
  float({
    op: "unary relu",
    shapes: [pixels],
    output: pixels,
    spec: (inputs) => ({ op: "unary", inputs, attributes: { function: { fn: "relu" } } }),
    nodes: [makeNode("Relu", ["a"], ["y"])],
    tfjs: (tf, a) => tf.relu(a),
  }),
  float({
    op: "unary hardSwish",
    shapes: [pixels],
    output: pixels,
    spec: (inputs) => ({ op: "unary", inputs, attributes: { function: { fn: "hardSwish" } } }),
    nodes: [makeNode("HardSwish", ["a"], ["y"])],
  }),
  float({
    op: "unary gelu",
    shapes: [[128, 3072]],
    output: [128, 3072],
    spec: (inputs) => ({
      op: "unary",
      inputs,
      attributes: { function: { fn: "gelu", approximate: "none" } },
    }),
    nodes: [makeNode("Gelu", ["a"], ["y"])],
  }),
  float({
    op: "binary add",
    shapes: [pixels, pixels],
    output: pixels,
    spec: (inputs) => ({ op: "binary", inputs, attributes: { function: "add" } }),
    nodes: [makeNode("Add", ["a", "b"], ["y"])],
    tfjs: (tf, a, b) => tf.add(a, b),
  }),
  float({
    op: "softmax",
    shapes: [scores],
    output: scores,
    spec: (inputs) => ({ op: "softmax", inputs, attributes: { axis: 2 } }),
    nodes: [makeNode("Softmax", ["a"], ["y"], { attributes: { axis: 2n } })],
    tfjs: (tf, a) => tf.softmax(a, 2),
  }),
  float({
    op: "layerNorm",
    shapes: [tokens],
    output: tokens,
    spec: (inputs) => ({ op: "layerNorm", inputs, attributes: { axis: 1, epsilon: 1e-5, bias: true } }),
    weights: norm(768),
    nodes: [makeNode("LayerNormalization", ["a", "scale", "bias"], ["y"], { attributes: { axis: 1n } })],
  }),
  attention(12, 12, 128, 128, 64),
  attention(32, 8, 1, 257, 64),
];
