/** softmax and log-softmax along any axis. */
import { elementCount } from "@bitbudget/core";
import { withHalves } from "../half.ts";
import { wasmKernel } from "../kernel.ts";

export const softmax = wasmKernel(
  withHalves<"softmax">({
    rows: [{ activation: "float32", output: "float32", arithmetic: "native" }],
    compile(context, { inputs, attributes: { axis, log = false } }) {
      const { shape } = inputs[0]!;
      const outer = elementCount(shape.slice(0, axis));
      const length = shape[axis]!;
      const inner = elementCount(shape.slice(axis + 1));
      const work = elementCount(shape) * 8;
      const logs = log ? 1 : 0;
      if (inner === 1) return ([x], [y]) => context.run("softmaxRows", outer, work, x!, y!, length, logs);
      const fours = outer * Math.ceil(inner / 4);
      return ([x], [y]) => context.run("softmaxColumns", fours, work, x!, y!, length, inner, logs);
    },
  }),
);
