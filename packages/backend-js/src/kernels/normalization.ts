/** layerNorm and batchNorm: subtract a mean, divide by a deviation, scale and shift. */
import { elementCount } from "@bitbudget/core";
import { keep, load, results, store } from "../elements.ts";
import type { JsKernel, Numbers } from "../kernel.ts";
import { floats, plainRows } from "./formats.ts";

export const layerNorm: JsKernel<"layerNorm"> = {
  rows: plainRows(floats),

  prepare(_, { inputs, attributes: { axis, epsilon, rms = false } }, weights) {
    const type = inputs[0]!;
    const rows = elementCount(type.shape.slice(0, axis));
    const length = elementCount(type.shape.slice(axis));
    const scale = keep(weights.scale);
    const bias = weights.bias === undefined ? new Float32Array(length) : keep(weights.bias);
    return {
      bytes: scale.byteLength + bias.byteLength,
      run([x], [y]) {
        const values = load(x!, type);
        const out = results(y!, type);
        for (let row = 0; row < rows; row++) {
          const start = row * length;
          const center = rms ? 0 : mean(values, start, length);
          const deviation = Math.sqrt(meanSquare(values, start, length, center) + epsilon);
          for (let i = 0; i < length; i++)
            out[start + i] = ((values[start + i]! - center) / deviation) * scale[i]! + bias[i]!;
        }
        store(out, y!, type);
      },
    };
  },
};

function mean(x: Numbers, start: number, length: number): number {
  let sum = 0;
  for (let i = start; i < start + length; i++) sum += x[i]!;
  return sum / length;
}

/** Mean of (x - center) ** 2. */
function meanSquare(x: Numbers, start: number, length: number, center: number): number {
  let sum = 0;
  for (let i = start; i < start + length; i++) sum += (x[i]! - center) ** 2;
  return sum / length;
}

export const batchNorm: JsKernel<"batchNorm"> = {
  rows: plainRows(floats),

  prepare(_, { inputs, attributes: { epsilon, layout } }, weights) {
    const type = inputs[0]!;
    const { shape } = type;
    const axis = layout === "nchw" ? 1 : shape.length - 1;
    const channels = shape[axis]!;
    const inner = elementCount(shape.slice(axis + 1));
    const size = elementCount(shape);
    const scale = keep(weights.scale);
    const bias = keep(weights.bias);
    const means = keep(weights.mean);
    const deviations = Float64Array.from(keep(weights.variance), (variance) => Math.sqrt(variance + epsilon));
    return {
      bytes: scale.byteLength + bias.byteLength + means.byteLength + deviations.byteLength,
      run([x], [y]) {
        const values = load(x!, type);
        const out = results(y!, type);
        for (let i = 0; i < size; i++) {
          const c = Math.floor(i / inner) % channels;
          out[i] = ((values[i]! - means[c]!) / deviations[c]!) * scale[c]! + bias[c]!;
        }
        store(out, y!, type);
      },
    };
  },
};
