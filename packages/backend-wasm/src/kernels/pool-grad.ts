/** poolGrad: gradients of maxima and averages of windows. */
import { poolGradShapes } from "@bitbudget/backend";
import { wasmKernel } from "../kernel.ts";
import { windowsAlong } from "../pool-windows.ts";

export const poolGrad = wasmKernel<"poolGrad">({
  rows: [{ activation: "float32", output: "float32", arithmetic: "native" }],
  compile(context, spec, _weights, owned) {
    const { attributes } = spec;
    const { image, pooled } = poolGradShapes(spec);
    const [batch, channels, height, width] = image;
    const [, , rows, columns] = pooled;
    const line = width * 4;
    // The record of assembly/pool.as.
    const pool = owned.store(
      Int32Array.of(
        ...[rows, columns, 4, height * line, attributes.dilations[0] * line, attributes.dilations[1] * 4],
        owned.store(windowsAlong(0, attributes, height, rows, line)),
        owned.store(windowsAlong(1, attributes, width, columns, 4)),
      ),
    );
    const planes = batch * channels;
    const taps = attributes.kernel[0] * attributes.kernel[1];
    const work = planes * (height * width + rows * columns * taps * 4);
    if (attributes.kind === "max")
      return ([x, dy], [dx]) => context.run("maxPoolGradientF32", planes, work, x!, dy!, dx!, pool);
    return ([dy], [dx]) => context.run("averagePoolGradientF32", planes, work, dy!, dx!, pool);
  },
});
