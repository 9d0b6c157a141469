/** gather: slices picked by index. Indices become a table of offsets first; one out of range is an IndexError. */
import { elementCount } from "@bitbudget/core";
import { wasmKernel } from "../kernel.ts";
import { moved, sizeOf } from "../moves/formats.ts";
import { compilePick, storeFilling, storeTable } from "../moves/pick.ts";

export const gather = wasmKernel<"gather">({
  rows: moved,
  compile(context, { inputs, attributes: { axis } }, _weights, owned) {
    const { dtype, shape } = inputs[0]!;
    const outer = elementCount(shape.slice(0, axis));
    const length = shape[axis]!;
    const bytes = elementCount(shape.slice(axis + 1)) * sizeOf(dtype);
    const count = elementCount(inputs[1]!.shape);
    const table = owned.workspace(count * 4);
    const starts = storeTable(
      owned,
      Array.from({ length: outer }, (_, i) => i * length * bytes),
    );
    const pick = compilePick(context, owned, {
      ...{ outer: [starts], bytes, filling: storeFilling(owned, "uint8", 0) },
      row: () => ({ address: table(), length: count }),
    });
    return ([x, indices], [y]) => {
      context.run("offsetsOfIndices", count, count, indices!, table(), length, bytes, context.fault);
      context.raise();
      pick(x!, y!);
    };
  },
});
