/** layerNorm, its root-mean-square form, and batchNorm. */
import { elementCount } from "@bitbudget/core";
import { withHalves } from "../half.ts";
import { wasmKernel } from "../kernel.ts";
import { float32Weight } from "../weighted/weights.ts";

const float32Rows = [{ activation: "float32", output: "float32", arithmetic: "native" }] as const;

export const layerNorm = wasmKernel(
  withHalves<"layerNorm">({
    rows: float32Rows,
    compile(context, { inputs, attributes: { axis, epsilon, rms = false } }, weights, owned) {
      const { shape } = inputs[0]!;
      const rows = elementCount(shape.slice(0, axis));
      const length = elementCount(shape.slice(axis));
      const scale = owned.store(float32Weight(weights.scale));
      const bias = owned.store(weights.bias ? float32Weight(weights.bias) : new Float32Array(length));
      const work = rows * length * 2;
      return ([x], [y]) =>
        context.run("layerNormF32", rows, work, x!, y!, scale, bias, length, epsilon, rms ? 1 : 0);
    },
  }),
);

export const batchNorm = wasmKernel(
  withHalves<"batchNorm">({
    rows: float32Rows,
    compile(context, { inputs, attributes: { epsilon, layout } }, weights, owned) {
      const { shape } = inputs[0]!;
      const axis = layout === "nchw" ? 1 : shape.length - 1;
      const channels = shape[axis]!;
      const outer = elementCount(shape.slice(0, axis));
      const inner = elementCount(shape.slice(axis + 1));
      const variance = float32Weight(weights.variance);
      const scale = float32Weight(weights.scale);
      const mean = owned.store(float32Weight(weights.mean));
      const bias = owned.store(float32Weight(weights.bias));
      const factor = owned.store(scale.map((value, i) => value / Math.sqrt(variance[i]! + epsilon)));
      const work = elementCount(shape);
      if (inner === 1)
        return ([x], [y]) => context.run("batchNormLast", outer, work, x!, y!, mean, factor, bias, channels);
      return ([x], [y]) =>
        context.run("batchNormFirst", outer * channels, work, x!, y!, mean, factor, bias, channels, inner);
    },
  }),
);
