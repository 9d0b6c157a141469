/** MobileNetV2 (Sandler et al. 2018), V3 (Howard et al. 2019) and EfficientNet-lite0: inverted residuals. */
import type { ModelProto } from "@bitbudget/onnx";
import { Builder, type Value } from "./builder.ts";
import { add, classifier, conv, gemm, globalPool, hardSwish, relu, relu6 } from "./vision.ts";

type Activation = (b: Builder, x: Value) => Value;

interface Block {
  readonly kernel: number;
  /** Channels between the two 1x1 convolutions. */
  readonly expanded: number;
  readonly filters: number;
  readonly stride: number;
  readonly activation: Activation;
  readonly squeeze?: boolean;
}

function invertedResidual(b: Builder, x: Value, block: Block): Value {
  const { kernel, expanded, filters, stride, activation } = block;
  let y = x.shape[1] === expanded ? x : activation(b, conv(b, x, expanded));
  y = activation(b, conv(b, y, expanded, { kernel, stride, depthwise: true }));
  if (block.squeeze) y = squeezeExcite(b, y);
  const residual = stride === 1 && x.shape[1] === filters;
  y = conv(b, y, filters, { gain: residual ? 0.5 : 1 });
  return residual ? add(b, y, x) : y;
}

/** Hu et al. 2018, with the hard sigmoid of MobileNetV3. */
function squeezeExcite(b: Builder, x: Value): Value {
  const [, channels = 0] = x.shape;
  const squeezed = relu(b, conv(b, globalPool(b, x), toEight(channels / 4)));
  const gate = b.node("HardSigmoid", [conv(b, squeezed, channels)], [1, channels, 1, 1], {
    alpha: 1 / 6,
    beta: 0.5,
  });
  return b.node("Mul", [x, gate], x.shape);
}

/** The nearest multiple of 8 that is not more than a tenth smaller (Howard et al., reference implementation). */
function toEight(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/** Stages as tables of the papers have them: expansion, filters, repeats, stride, kernel. */
type Stages = readonly (readonly [number, number, number, number, number])[];

function stages(b: Builder, image: Value, table: Stages, width: number): Value {
  let x = image;
  for (const [expansion, filters, repeats, stride, kernel] of table)
    for (let i = 0; i < repeats; i++)
      x = invertedResidual(b, x, {
        kernel,
        expanded: (x.shape[1] ?? 0) * expansion,
        filters: toEight(filters * width),
        stride: i === 0 ? stride : 1,
        activation: relu6,
      });
  return x;
}

/** Stem, stages and head of the networks that have relu6 everywhere. Their stem and head are of these numbers of channels. */
function relu6Network(
  seed: number,
  size: number,
  table: Stages,
  { stem, head, width = 1 }: { readonly stem: number; readonly head: number; readonly width?: number },
): ModelProto {
  const b = new Builder(seed);
  const image = b.input("image", [1, 3, size, size]);
  const x = stages(b, relu6(b, conv(b, image, stem, { kernel: 3, stride: 2 })), table, width);
  return b.build([classifier(b, relu6(b, conv(b, x, head)))]);
}

export function mobilenetV2(size = 224, width = 1): ModelProto {
  const table: Stages = [
    [1, 16, 1, 1, 3],
    [6, 24, 2, 2, 3],
    [6, 32, 3, 2, 3],
    [6, 64, 4, 2, 3],
    [6, 96, 3, 1, 3],
    [6, 160, 3, 2, 3],
    [6, 320, 1, 1, 3],
  ];
  const head = Math.max(1280, toEight(1280 * width));
  return relu6Network(2, size, table, { stem: toEight(32 * width), head, width });
}

/** EfficientNet-B0 (Tan and Le 2019) without squeeze-and-excite, and with relu6. */
export function efficientnetLite0(size = 224): ModelProto {
  const table: Stages = [
    [1, 16, 1, 1, 3],
    [6, 24, 2, 2, 3],
    [6, 40, 2, 2, 5],
    [6, 80, 3, 2, 3],
    [6, 112, 3, 1, 5],
    [6, 192, 4, 2, 5],
    [6, 320, 1, 1, 3],
  ];
  return relu6Network(3, size, table, { stem: 32, head: 1280 });
}

/** Table 2 of the paper: kernel, expanded, filters, squeeze, hard-swish, stride. */
const small: readonly (readonly [number, number, number, boolean, boolean, number])[] = [
  [3, 16, 16, true, false, 2],
  [3, 72, 24, false, false, 2],
  [3, 88, 24, false, false, 1],
  [5, 96, 40, true, true, 2],
  [5, 240, 40, true, true, 1],
  [5, 240, 40, true, true, 1],
  [5, 120, 48, true, true, 1],
  [5, 144, 48, true, true, 1],
  [5, 288, 96, true, true, 2],
  [5, 576, 96, true, true, 1],
  [5, 576, 96, true, true, 1],
];

/** MobileNetV3-small, which has all kinds of its layers. */
export function mobilenetV3(size = 224): ModelProto {
  const b = new Builder(4);
  let x = hardSwish(b, conv(b, b.input("image", [1, 3, size, size]), 16, { kernel: 3, stride: 2 }));
  for (const [kernel, expanded, filters, squeeze, swish, stride] of small)
    x = invertedResidual(b, x, {
      kernel,
      expanded,
      filters,
      squeeze,
      stride,
      activation: swish ? hardSwish : relu,
    });
  x = hardSwish(b, conv(b, x, 576));
  const pooled = b.node("Flatten", [globalPool(b, x)], [1, 576]);
  return b.build([gemm(b, hardSwish(b, gemm(b, pooled, 1024)), 1000)]);
}
