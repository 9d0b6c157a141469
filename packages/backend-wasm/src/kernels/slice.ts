/** slice and expand: a tensor read at some positions of each axis, or at one of them again and again. */
import { broadcastStrides } from "@bitbudget/backend";
import { wasmKernel } from "../kernel.ts";
import { byteSteps, compileCopy } from "../moves/copy.ts";
import { moved, sizeOf } from "../moves/formats.ts";

export const slice = wasmKernel<"slice">({
  rows: moved,
  compile(context, { inputs, attributes: { starts, steps, sizes } }, _weights, owned) {
    const { dtype, shape } = inputs[0]!;
    const size = sizeOf(dtype);
    const from = byteSteps(shape, size);
    const to = byteSteps(sizes, size);
    const axes = sizes.map((length, i) => ({ length, xStep: from[i]! * steps[i]!, yStep: to[i]! }));
    const start = starts.reduce((sum, position, i) => sum + position * from[i]!, 0);
    const copy = compileCopy(context, owned, { axes, size });
    return ([x], [y]) => copy(x! + start, y!);
  },
});

export const expand = wasmKernel<"expand">({
  rows: moved,
  compile(context, { inputs, attributes: { shape } }, _weights, owned) {
    const { dtype, shape: given } = inputs[0]!;
    const size = sizeOf(dtype);
    const from = broadcastStrides(given, shape);
    const to = byteSteps(shape, size);
    const axes = shape.map((length, i) => ({ length, xStep: from[i]! * size, yStep: to[i]! }));
    const copy = compileCopy(context, owned, { axes, size });
    return ([x], [y]) => copy(x!, y!);
  },
});
