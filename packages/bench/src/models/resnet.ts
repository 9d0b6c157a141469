/** Residual networks of basic blocks (He et al. 2016). */
import type { ModelProto } from "@bitbudget/onnx";
import { Builder, type Value } from "./builder.ts";
import { add, classifier, conv, relu } from "./vision.ts";

/** @param width channels of the first stage, 64 in the paper */
export function resnet18(size = 224, width = 64): ModelProto {
  const b = new Builder(18);
  let x = relu(b, conv(b, b.input("image", [1, 3, size, size]), width, { kernel: 7, stride: 2 }));
  const [, channels = 0, height = 0] = x.shape;
  x = b.node("MaxPool", [x], [1, channels, height / 2, height / 2], {
    kernel_shape: [3n, 3n],
    strides: [2n, 2n],
    pads: [1n, 1n, 1n, 1n],
  });
  for (const stage of [0, 1, 2, 3])
    for (const block of [0, 1]) x = basicBlock(b, x, width << stage, stage > 0 && block === 0 ? 2 : 1);
  return b.build([classifier(b, x)]);
}

/** ResNet-8 of MLPerf Tiny (Banbury et al. 2021), for images of 32 by 32: a block for each of 16, 32 and 64 channels. */
export function resnet8(batch: number): ModelProto {
  const b = new Builder(8);
  let x = relu(b, conv(b, b.input("image", [batch, 3, 32, 32]), 16, { kernel: 3 }));
  for (const stage of [0, 1, 2]) x = basicBlock(b, x, 16 << stage, stage > 0 ? 2 : 1);
  return b.build([classifier(b, x, 10)]);
}

function basicBlock(b: Builder, x: Value, filters: number, stride: number): Value {
  const shortcut = x.shape[1] === filters && stride === 1 ? x : conv(b, x, filters, { stride, gain: 1 });
  const y = relu(b, conv(b, x, filters, { kernel: 3, stride }));
  // A branch of half the size keeps the sum from growing with depth.
  return relu(b, add(b, conv(b, y, filters, { kernel: 3, gain: 0.5 }), shortcut));
}
