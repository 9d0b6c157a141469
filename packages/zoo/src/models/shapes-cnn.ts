/**
 * A small residual network for the shapes: inverted residual blocks with depthwise convolutions, as in MobileNetV2
 * (Sandler et al., 2018), batch normalization after each convolution, global average pooling and one Gemm.
 */
import { scalar } from "@bitbudget/core";
import type { ModelProto } from "@bitbudget/onnx";
import { imageSize } from "../shapes/draw.ts";
import { shapeClasses } from "../shapes/outlines.ts";
import { Builder, batched } from "./builder.ts";

/** A block: channels in between and at the end, and the stride of its depthwise convolution. */
interface Block {
  readonly name: string;
  /** As many as come in: no expansion. */
  readonly expand: number;
  readonly out: number;
  readonly stride: 1 | 2;
}

const stem = 16;
const blocks: readonly Block[] = [
  { name: "block1", expand: stem, out: 24, stride: 2 },
  { name: "block2", expand: 72, out: 24, stride: 1 },
  { name: "block3", expand: 72, out: 40, stride: 2 },
  { name: "block4", expand: 120, out: 40, stride: 1 },
  { name: "block5", expand: 120, out: 40, stride: 1 },
  { name: "block6", expand: 120, out: 64, stride: 2 },
  { name: "block7", expand: 192, out: 64, stride: 1 },
];
const head = 128;

/**
 * The network with initial weights (He et al., 2015). Input `image`: float32 [batch, 3, 32, 32], red, green, blue of 0
 * to 1. Output `logits`: float32 [batch, 12].
 */
export function buildShapesCnn(seed = 0): ModelProto {
  const graph = new Layers(seed);
  graph.constant("zero", scalar("float32", 0));
  graph.constant("six", scalar("float32", 6));

  let x = graph.relu(graph.convolution("stem", "image", { from: 3, to: stem, kernel: 3 }));
  let channels = stem;
  for (const block of blocks) {
    x = inverted(graph, block, x, channels);
    channels = block.out;
  }
  x = graph.relu(graph.convolution("head", x, { from: channels, to: head, kernel: 1 }));
  x = graph.node("GlobalAveragePool", "pool", [x]);
  x = graph.node("Flatten", "flat", [x], { axis: 1n });
  // Xavier's deviation (Glorot and Bengio, 2010).
  const classes = shapeClasses.length;
  const weight = graph.weight("classifier.weight", [classes, head], Math.sqrt(2 / (head + classes)));
  const bias = graph.filled("classifier.bias", [classes], 0);
  graph.node("Gemm", "logits", [x, weight, bias], { transB: 1n });
  const input = batched("image", 3, imageSize, imageSize);
  return graph.build("shapes-cnn", [input], [batched("logits", classes)], {
    "image.layout": "NCHW, red, green, blue",
    "image.preprocessing": "codes of 0 to 255 divided by 255",
    "logits.classes": shapeClasses.join(","),
  });
}

/** 1x1 expansion, unless there is none; 3x3 depthwise, 1x1 projection without activation; added to its input where the shapes agree. */
function inverted(graph: Layers, { name, expand, out, stride }: Block, x: string, channels: number): string {
  let y = x;
  if (expand !== channels)
    y = graph.relu6(graph.convolution(`${name}.expand`, y, { from: channels, to: expand, kernel: 1 }));
  y = graph.relu6(
    graph.convolution(`${name}.depthwise`, y, { from: expand, to: expand, kernel: 3, stride, group: expand }),
  );
  y = graph.convolution(`${name}.project`, y, { from: expand, to: out, kernel: 1 });
  return stride === 1 && channels === out ? graph.node("Add", `${name}.sum`, [x, y]) : y;
}

interface Convolution {
  readonly from: number;
  readonly to: number;
  readonly kernel: 1 | 3;
  readonly stride?: number;
  readonly group?: number;
}

class Layers extends Builder {
  /** A convolution that keeps the size (up to its stride), and batch normalization. */
  convolution(name: string, x: string, options: Convolution): string {
    const { from, to, kernel, stride = 1, group = 1 } = options;
    const shape = [to, from / group, kernel, kernel];
    // He's deviation for the mode fan-in: 2 over the number of products that make an output.
    const weight = this.weight(`${name}.weight`, shape, Math.sqrt(2 / ((from / group) * kernel * kernel)));
    const size = BigInt(kernel);
    const pad = (size - 1n) / 2n;
    const by = BigInt(stride);
    const y = this.node("Conv", `${name}.conv`, [x, weight], {
      kernel_shape: [size, size],
      strides: [by, by],
      pads: [pad, pad, pad, pad],
      group: BigInt(group),
    });
    const parameters = [
      this.filled(`${name}.scale`, [to], 1),
      this.filled(`${name}.shift`, [to], 0),
      this.filled(`${name}.mean`, [to], 0),
      this.filled(`${name}.variance`, [to], 1),
    ];
    return this.node("BatchNormalization", name, [y, ...parameters], { epsilon: 1e-5 });
  }

  relu(x: string): string {
    return this.node("Relu", `${x}.relu`, [x]);
  }

  relu6(x: string): string {
    return this.node("Clip", `${x}.relu6`, [x, "zero", "six"]);
  }
}
