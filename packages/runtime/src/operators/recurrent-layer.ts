/** What an LSTM, GRU or RNN node says of its layer: sizes, directions, and whether its inputs fit together. */
import type { RecurrentCell } from "@bitbudget/backend";
import { getInt, getString } from "@bitbudget/onnx";
import type { Lowering } from "../operator.ts";

/** What tells the three operators apart. */
export interface CellType {
  readonly cell: RecurrentCell;
  /** Matrices of the shape [hidden, ...] in W and in R. */
  readonly gates: number;
  /** Default activations of one direction. */
  readonly activations: readonly string[];
  /** Indices of the inputs with the initial states: hidden, and cell where there is one. */
  readonly states: readonly number[];
  /** Index of the input with the peepholes, of a cell that may have them. */
  readonly peepholes?: number;
}

export interface Layer {
  readonly length: number;
  readonly batch: number;
  readonly hidden: number;
  readonly inputSize: number;
  /** For each direction, whether it runs backwards. */
  readonly reversed: readonly boolean[];
  /** ONNX `layout` 1: the batch is the first dimension of everything. */
  readonly batchFirst: boolean;
}

/** Checks the inputs but W and R. Fails with the node's name where one does not fit. */
export function layerOf(context: Lowering, type: CellType, hidden: number, inputSize: number): Layer {
  const { node } = context;
  const batchFirst = getInt(node, "layout", 0) !== 0;
  checkShape(context, 0, [undefined, undefined, inputSize]);
  const [d0 = 0, d1 = 0] = context.input(0).type.shape;
  const [length, batch] = batchFirst ? [d1, d0] : [d0, d1];
  const reversed = directionsOf(context);
  const directions = reversed.length;
  if (getInt(node, "hidden_size", hidden) !== hidden)
    context.fail(`has hidden_size ${getInt(node, "hidden_size")}, but R is for ${hidden}`);
  checkShape(context, 3, [directions, 2 * type.gates * hidden]);
  checkShape(context, 4, [batch]);
  const stateShape = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  for (const index of type.states) checkShape(context, index, stateShape);
  if (type.peepholes !== undefined) checkShape(context, type.peepholes, [directions, 3 * hidden]);
  return { length, batch, hidden, inputSize, reversed, batchFirst };
}

/** For each direction, whether it runs backwards. */
export function directionsOf(context: Lowering): readonly boolean[] {
  const direction = getString(context.node, "direction", "forward");
  if (direction === "forward") return [false];
  if (direction === "reverse") return [true];
  if (direction === "bidirectional") return [false, true];
  return context.fail(`has the unknown direction ${JSON.stringify(direction)}`);
}

/** Undefined leaves a size open. */
export function checkShape(
  context: Lowering,
  index: number,
  expected: readonly (number | undefined)[],
): void {
  if (!context.has(index)) return;
  const { shape } = context.input(index).type;
  const fits =
    shape.length === expected.length &&
    expected.every((size, axis) => size === undefined || size === shape[axis]);
  if (!fits)
    context.fail(
      `input ${index} has the shape [${shape.join(", ")}], needs [${expected.map((size) => size ?? "?").join(", ")}]`,
    );
}
