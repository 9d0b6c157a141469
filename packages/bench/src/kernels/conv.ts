/** conv2d as image models have it: 3x3, 1x1 and depthwise, in float32 and on 8-bit codes. */
import type { AnySpec, Layout } from "@bitbudget/backend";
import { tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { floatSums } from "../compare.ts";
import { Random } from "../random.ts";
import { decoded, fromLayout, type ImageShape, inLayout, shapeIn } from "./numbers.ts";
import { oneOp } from "./one-op.ts";
import { type KernelCase, label, type OnnxRival, type TfjsRival } from "./problem.ts";

/** A convolution of a square image, padded to keep its size, with a bias. */
interface Conv {
  readonly channels: number;
  readonly filters: number;
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly depthwise: boolean;
}

const groupsOf = ({ channels, depthwise }: Conv) => (depthwise ? channels : 1);
const depthOf = (conv: Conv) => (conv.channels / groupsOf(conv)) * conv.kernel ** 2;
const pad = ({ kernel }: Conv) => (kernel - 1) / 2;
const image = ({ channels, size }: Conv): ImageShape => ({ channels, height: size, width: size });
const result = (conv: Conv): ImageShape => {
  const size = Math.ceil(conv.size / conv.stride);
  return { channels: conv.filters, height: size, width: size };
};
const count = ({ channels, height, width }: ImageShape) => channels * height * width;

function filterShape(conv: Conv): number[] {
  return [conv.filters, conv.channels / groupsOf(conv), conv.kernel, conv.kernel];
}

function window(conv: Conv, layout: Layout) {
  const [k, s, p] = [conv.kernel, conv.stride, pad(conv)];
  return {
    channels: conv.filters,
    groups: groupsOf(conv),
    layout,
    kernel: [k, k],
    strides: [s, s],
    dilations: [1, 1],
    pads: [p, p, p, p],
  } as const;
}

function nodeAttributes(conv: Conv) {
  const [k, s, p] = [BigInt(conv.kernel), BigInt(conv.stride), BigInt(pad(conv))];
  return {
    kernel_shape: [k, k],
    strides: [s, s],
    dilations: [1n, 1n],
    pads: [p, p, p, p],
    group: BigInt(groupsOf(conv)),
  };
}

function convRival(conv: Conv, x: Float32Array, w: Float32Array, bias: Float32Array): OnnxRival {
  return {
    name: "Conv",
    model: oneOp({
      nodes: [makeNode("Conv", ["x", "w", "b"], ["y"], { attributes: nodeAttributes(conv) })],
      inputs: { x: { dtype: "float32", shape: shapeIn(image(conv), "nchw") } },
      initializers: {
        w: tensor("float32", filterShape(conv), w),
        b: tensor("float32", [conv.filters], bias),
      },
      output: { dtype: "float32", shape: shapeIn(result(conv), "nchw") },
    }),
    feeds: { x: tensor("float32", shapeIn(image(conv), "nchw"), x) },
    values: ({ data }) => data as Float32Array,
    tolerance: floatSums,
  };
}

/** TensorFlow.js pads "same" as we do where the stride is 1, or the image even and padded by its own rule: explicit here. */
function tfjsConv(conv: Conv, x: Float32Array, w: Float32Array, bias: Float32Array): TfjsRival {
  const { channels, size, kernel, stride, depthwise } = conv;
  const pixels = inLayout(x, image(conv), "nhwc");
  const strides: [number, number] = [stride, stride];
  return {
    tolerance: floatSums,
    prepare(tf) {
      // [out, in, h, w] to [h, w, in, out]; depthwise [channels, 1, h, w] to [h, w, channels, 1].
      const filter = tf.tidy(() => {
        const given = tf.tensor4d(w, [conv.filters, channels / groupsOf(conv), kernel, kernel]);
        return tf.transpose(given, depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0]);
      });
      const b = tf.tensor1d(bias);
      const options = { strides, pad: pad(conv), filter, bias: b };
      return {
        run() {
          const input = tf.tensor4d(pixels, [1, size, size, channels]);
          const y = depthwise
            ? tf.fused.depthwiseConv2d({ x: input, ...options })
            : tf.fused.conv2d({ x: input, ...options });
          input.dispose();
          return y;
        },
        release() {
          filter.dispose();
          b.dispose();
        },
      };
    },
    values: (values) => fromLayout(Float32Array.from(values), result(conv), "nhwc"),
  };
}

function describe(conv: Conv, scheme: string): Pick<KernelCase, "op" | "scheme" | "shape"> {
  const { kernel, channels, filters, size, stride, depthwise } = conv;
  return {
    op: `${depthwise ? "depthwise" : "conv"} ${label(kernel, kernel)}`,
    scheme,
    shape: `${depthwise ? channels : `${channels} to ${filters}`} channels, ${label(size, size)}${stride > 1 ? ` / ${stride}` : ""}`,
  };
}

const macsOf = (conv: Conv) => count(result(conv)) * depthOf(conv);

function floatConv(conv: Conv): KernelCase {
  return {
    ...describe(conv, "float32"),
    build(layout) {
      const random = new Random(conv.channels + conv.size);
      const x = random.normal(count(image(conv)));
      const w = random.normal(conv.filters * depthOf(conv), depthOf(conv) ** -0.5);
      const bias = random.normal(conv.filters, 0.1);
      return {
        spec: {
          op: "conv2d",
          inputs: [{ dtype: "float32", shape: shapeIn(image(conv), layout) }],
          attributes: {
            ...window(conv, layout),
            weight: { dtype: "float32" },
            bias: "float32",
            output: "float32",
          },
        },
        weights: {
          weight: tensor("float32", filterShape(conv), w),
          bias: tensor("float32", [conv.filters], bias),
        },
        inputs: [tensor("float32", shapeIn(image(conv), layout), inLayout(x, image(conv), layout))],
        macs: macsOf(conv),
        values: ({ data }) => fromLayout(data as Float32Array, result(conv), layout),
        onnx: [convRival(conv, x, w, bias)],
        tfjs: tfjsConv(conv, x, w, bias),
      };
    },
  };
}

const X_SCALE = 0.02;
const Y_SCALE = 0.025;
const ZERO = 128;
const real = (codes: Uint8Array, scale: number) => Float32Array.from(codes, (code) => (code - ZERO) * scale);
const clip = (x: number) => Math.min((255 - ZERO) * Y_SCALE, Math.max(-ZERO * Y_SCALE, x));

function codedConv(conv: Conv): KernelCase {
  return {
    ...describe(conv, "uint8 x int8"),
    build(layout) {
      const random = new Random(conv.channels + conv.size);
      const depth = depthOf(conv);
      const x = random.uint8(count(image(conv)));
      const w = random.int8(conv.filters * depth);
      const scale = random.normal(conv.filters, 0.1, 1).map((s) => (s / 40) * depth ** -0.5);
      const bias = Int32Array.from(random.normal(conv.filters, 0.1), (b, i) =>
        Math.round(b / (X_SCALE * scale[i]!)),
      );
      const spec: AnySpec = {
        op: "conv2d",
        inputs: [{ dtype: "uint8", shape: shapeIn(image(conv), layout) }],
        attributes: {
          ...window(conv, layout),
          weight: { dtype: "int8", granularity: { kind: "channel" } },
          bias: "int32",
          output: "uint8",
        },
      };
      const weights = {
        weight: tensor("int8", filterShape(conv), w),
        scale: tensor("float32", [conv.filters], scale),
        bias: tensor("int32", [conv.filters], bias),
        inputScale: tensor("float32", [], [X_SCALE]),
        inputZeroPoint: tensor("uint8", [], [ZERO]),
        outputScale: tensor("float32", [], [Y_SCALE]),
        outputZeroPoint: tensor("uint8", [], [ZERO]),
      };
      const floatBias = Float32Array.from(bias, (b, i) => b * X_SCALE * scale[i]!);
      const float = convRival(conv, real(x, X_SCALE), decoded(w, scale, depth), floatBias);
      return {
        spec,
        weights,
        inputs: [tensor("uint8", shapeIn(image(conv), layout), inLayout(x, image(conv), layout))],
        macs: macsOf(conv),
        values: ({ data }) => real(fromLayout(data as Uint8Array, result(conv), layout), Y_SCALE),
        onnx: [
          {
            name: "QLinearConv",
            model: oneOp({
              nodes: [
                makeNode("QLinearConv", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"], ["y"], {
                  attributes: nodeAttributes(conv),
                }),
              ],
              inputs: { x: { dtype: "uint8", shape: shapeIn(image(conv), "nchw") } },
              initializers: {
                xs: weights.inputScale,
                xz: weights.inputZeroPoint,
                w: weights.weight,
                ws: weights.scale,
                wz: tensor("int8", [conv.filters]),
                ys: weights.outputScale,
                yz: weights.outputZeroPoint,
                b: weights.bias,
              },
              output: { dtype: "uint8", shape: shapeIn(result(conv), "nchw") },
            }),
            feeds: { x: tensor("uint8", shapeIn(image(conv), "nchw"), x) },
            values: ({ data }) => real(data as Uint8Array, Y_SCALE),
            // One code, where a tie was rounded after another order of multiplications.
            tolerance: { max: 0.05, rms: 2e-3 },
          },
          {
            ...float,
            name: "float32 Conv",
            values: ({ data }) => (data as Float32Array).map(clip),
            tolerance: { rms: 0.02 },
          },
        ],
      };
    },
  };
}

const square = (channels: number, filters: number, size: number, kernel: number, stride = 1): Conv => ({
  channels,
  filters,
  size,
  kernel,
  stride,
  depthwise: false,
});
const depthwise = (channels: number, size: number, stride = 1): Conv => ({
  channels,
  filters: channels,
  size,
  kernel: 3,
  stride,
  depthwise: true,
});

const convolutions: readonly Conv[] = [
  square(64, 64, 56, 3),
  square(256, 256, 14, 3),
  square(3, 32, 224, 3, 2),
  square(256, 256, 28, 1),
  square(24, 144, 56, 1),
  square(960, 160, 7, 1),
  depthwise(144, 56),
  depthwise(96, 112, 2),
  depthwise(576, 14),
];

export const convCases: readonly KernelCase[] = [
  ...convolutions.map(floatConv),
  ...convolutions.map(codedConv),
];
