/** concat: tensors joined along an axis. */
import { elementCount } from "@bitbudget/core";
import { wasmKernel } from "../kernel.ts";
import { compileCopy } from "../moves/copy.ts";
import { moved, sizeOf } from "../moves/formats.ts";

export const concat = wasmKernel<"concat">({
  rows: moved,
  compile(context, { inputs, attributes: { axis } }, _weights, owned) {
    const { dtype, shape } = inputs[0]!;
    const size = sizeOf(dtype);
    const length = elementCount(shape.slice(0, axis));
    // What an input adds to each of the outer positions lies in one piece.
    const pieces = inputs.map((input) => elementCount(input.shape.slice(axis)) * size);
    const yStep = pieces.reduce((sum, piece) => sum + piece, 0);
    let end = 0;
    const copies = pieces.map((piece) => {
      const start = end;
      end += piece;
      const inner = { length: piece / size, xStep: size, yStep: size };
      const copy = compileCopy(context, owned, { axes: [{ length, xStep: piece, yStep }, inner], size });
      return { start, copy };
    });
    return (from, [y]) => {
      for (const [i, { start, copy }] of copies.entries()) copy(from[i]!, y! + start);
    };
  },
});
