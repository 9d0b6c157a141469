/** transpose: axes in another order. */
import { wasmKernel } from "../kernel.ts";
import { byteSteps, compileCopy } from "../moves/copy.ts";
import { moved, sizeOf } from "../moves/formats.ts";

export const transpose = wasmKernel<"transpose">({
  rows: moved,
  compile(context, { inputs, attributes: { perm } }, _weights, owned) {
    const { dtype, shape } = inputs[0]!;
    const size = sizeOf(dtype);
    const from = byteSteps(shape, size);
    const to = byteSteps(
      perm.map((axis) => shape[axis]!),
      size,
    );
    const axes = perm.map((axis, i) => ({ length: shape[axis]!, xStep: from[axis]!, yStep: to[i]! }));
    const copy = compileCopy(context, owned, { axes, size });
    return ([x], [y]) => copy(x!, y!);
  },
});
