/** SqueezeNet 1.1 (Iandola et al. 2016): 1.2 million weights, a file of 5 MB. */
import type { ModelProto } from "@bitbudget/onnx";
import { Builder, type Value } from "./builder.ts";
import { conv, globalPool, relu } from "./vision.ts";

export function squeezenet(size = 224): ModelProto {
  const b = new Builder(11);
  let x = relu(b, conv(b, b.input("image", [1, 3, size, size]), 64, { kernel: 3, stride: 2 }));
  const table = [
    [16, 64, true],
    [16, 64, false],
    [32, 128, true],
    [32, 128, false],
    [48, 192, true],
    [48, 192, false],
    [64, 256, false],
    [64, 256, false],
  ] as const;
  for (const [squeezed, expanded, pool] of table) x = fire(b, pool ? maxPool(b, x) : x, squeezed, expanded);
  const scores = relu(b, conv(b, x, 1000));
  return b.build([b.node("Flatten", [globalPool(b, scores)], [1, 1000])]);
}

function fire(b: Builder, x: Value, squeezed: number, expanded: number): Value {
  const s = relu(b, conv(b, x, squeezed));
  const [, , height = 0, width = 0] = s.shape;
  const parts = [relu(b, conv(b, s, expanded)), relu(b, conv(b, s, expanded, { kernel: 3 }))];
  return b.node("Concat", parts, [1, 2 * expanded, height, width], { axis: 1n });
}

function maxPool(b: Builder, x: Value): Value {
  const [, channels = 0, size = 0] = x.shape;
  const pooled = Math.floor((size - 3) / 2) + 1;
  return b.node("MaxPool", [x], [1, channels, pooled, pooled], { kernel_shape: [3n, 3n], strides: [2n, 2n] });
}
