/** Multidirectional broadcasting (ONNX "Broadcasting in ONNX", that of numpy) of sizes that may be symbols. */
import { type MaybeDim, same } from "./dim.ts";
import type { Op } from "./op.ts";
import type { Shape } from "./value.ts";

/** The common shape, or undefined when a rank is not known. @throws InferenceError for sizes that do not go together */
export function broadcast(op: Op, shapes: readonly (Shape | undefined)[]): Shape | undefined {
  let result: Shape = [];
  for (const shape of shapes) {
    if (shape === undefined) return undefined;
    result = pair(op, result, shape);
  }
  return result;
}

function pair(op: Op, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => broadcastDim(op, padded(a, i - rank), padded(b, i - rank)));
}

function padded(shape: Shape, fromEnd: number): MaybeDim {
  return -fromEnd > shape.length ? 1 : shape.at(fromEnd);
}

/** Of one axis: equal sizes stay, a 1 gives way, and a known size beside an unknown one must be what comes out. */
export function broadcastDim(op: Op, a: MaybeDim, b: MaybeDim): MaybeDim {
  if (a === 1) return b;
  if (b === 1 || same(a, b)) return a;
  if (typeof a === "number" && typeof b === "number") {
    op.fail(`sizes ${a} and ${b} do not broadcast; make them equal or one of them 1`);
  }
  if (typeof a === "number") return a;
  return typeof b === "number" ? b : undefined;
}

/** The index into an operand of each element of the result, for contents that are known: row-major. */
export function broadcastIndices(from: readonly number[], to: readonly number[]): number[] {
  const count = to.reduce((product, dim) => product * dim, 1);
  return Array.from({ length: count }, (_, flat) => {
    let rest = flat;
    let index = 0;
    let stride = 1;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const size = from[axis - to.length + from.length];
      const at = rest % to[axis]!;
      rest = Math.floor(rest / to[axis]!);
      if (size === undefined) continue;
      if (size !== 1) index += at * stride;
      stride *= size;
    }
    return index;
  });
}
