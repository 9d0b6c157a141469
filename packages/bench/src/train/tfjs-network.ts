/** An ONNX network of a few operators in TensorFlow.js, built as its layers build it: images with channels last, statistics of the batch. */
import { type HostTensor, tensor } from "@bitbudget/core";
import {
  Graph,
  getFloat,
  getInt,
  getInts,
  type ModelProto,
  type NodeProto,
  tensorValue,
} from "@bitbudget/onnx";
import type { Tensor, Tensor1D, Tensor2D, Tensor4D, Variable } from "@tensorflow/tfjs-core";
import type { Tfjs } from "../rivals/rivals.ts";

export interface TfjsNetwork {
  /** What is trained, in the layout of TensorFlow.js. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** The value of the name, for an input of the network. */
  apply(x: Tensor, output: string): Tensor;
  /** A tensor like the weight of this name as ONNX has it. */
  inOnnxLayout(name: string, x: Tensor): Tensor;
}

/** @throws TypeError for an operator that is not among the few */
export function tfjsNetwork(tf: Tfjs, model: ModelProto, parameters: readonly string[]): TfjsNetwork {
  const graph = Graph.of(model);
  const [input] = graph.inputs;
  const layouts = filterLayouts(graph);
  const weight = (name: string) => tensorValue(graph.initializers.get(name)!) as HostTensor<"float32">;
  const variables = new Map(
    parameters.map((name) => {
      const { shape, data } = weight(name);
      const { toTfjs } = layouts.get(name) ?? {};
      const variable = tf.tidy(() => {
        const value = tf.tensor(data, [...shape]);
        return tf.variable(toTfjs === undefined ? value : tf.transpose(value, toTfjs));
      });
      return [name, variable as Variable];
    }),
  );
  return {
    variables,
    apply(x, output) {
      const values = new Map<string, Tensor>([[input!.name, x], ...variables]);
      for (const node of graph.nodes) {
        const [first, ...rest] = node.input.map((name) => values.get(name));
        values.set(node.output[0]!, operator(tf, node, first!, rest));
      }
      return values.get(output)!;
    },
    inOnnxLayout(name, x) {
      const { toOnnx } = layouts.get(name) ?? {};
      return toOnnx === undefined ? x : tf.transpose(x, toOnnx);
    },
  };
}

/** From [filters, channels, height, width] and back; filters of depthwise convolutions have no channels of their own. */
function filterLayouts(graph: Graph) {
  const convolutions = graph.nodes.filter(({ opType }) => opType === "Conv");
  return new Map(
    convolutions.map((node) => [
      node.input[1]!,
      getInt(node, "group", 1) === 1
        ? { toTfjs: [2, 3, 1, 0], toOnnx: [3, 2, 0, 1] }
        : { toTfjs: [2, 3, 0, 1], toOnnx: [2, 3, 0, 1] },
    ]),
  );
}

function operator(tf: Tfjs, node: NodeProto, x: Tensor, rest: readonly (Tensor | undefined)[]): Tensor {
  const [w, b] = rest;
  switch (node.opType) {
    case "Conv": {
      const [stride = 1] = getInts(node, "strides", [1, 1]);
      const [pad = 0] = getInts(node, "pads", [0, 0, 0, 0]);
      const image = x as Tensor4D;
      const filters = w as Tensor4D;
      const depthwise = getInt(node, "group", 1) !== 1;
      const y = depthwise
        ? tf.depthwiseConv2d(image, filters, stride, pad)
        : tf.conv2d(image, filters, stride, pad);
      return b === undefined ? y : tf.add(y, b);
    }
    case "BatchNormalization": {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      const epsilon = getFloat(node, "epsilon", 1e-5);
      return tf.batchNorm(x, mean as Tensor1D, variance as Tensor1D, b as Tensor1D, w as Tensor1D, epsilon);
    }
    case "Relu":
      return tf.relu(x);
    case "Clip":
      // The only one that these networks have.
      return tf.relu6(x);
    case "Add":
      return tf.add(x, w!);
    case "GlobalAveragePool":
      return tf.mean(x, [1, 2]);
    case "Flatten":
      return x;
    case "Gemm":
      return tf.add(tf.matMul(x as Tensor2D, w as Tensor2D, false, true), b!);
    default:
      throw new TypeError(`the benchmark has no ${node.opType} for TensorFlow.js`);
  }
}

/** Channels last. */
export function inTfjsLayout(x: HostTensor<"float32">): HostTensor<"float32"> {
  const { shape, data } = x;
  const [batch = 0, channels = 0, height, width] = shape;
  if (height === undefined || width === undefined) return x;
  const area = height * width;
  const y = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [image, channel, pixel] = [
      Math.floor(i / (channels * area)),
      Math.floor(i / area) % channels,
      i % area,
    ];
    y[(image * area + pixel) * channels + channel] = data[i]!;
  }
  return tensor("float32", [batch, height, width, channels], y);
}
