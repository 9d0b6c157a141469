/** What a backend can do, as rows of a table that people read and code matches against. */
import type { DType } from "@bitbudget/core";
import type { Arithmetic } from "./backend.ts";
import type { OpName } from "./spec.ts";

/** "dynamic int8": float activations that the kernel itself quantizes while it runs. */
export type Operand = DType | `dynamic ${DType}`;

/** The formats that decide which kernel runs. Ops without weights leave `weight` out. */
export interface Operands {
  readonly activation: Operand;
  /** Format and granularity of the weights, e.g. "int8 channel", "int4 block". */
  readonly weight?: WeightOperand;
  readonly output: DType;
}
export type WeightOperand =
  | `${DType} ${"tensor" | "channel" | "block"}`
  | "float32"
  | "float16"
  | "bfloat16"
  | "float64";

export interface Capability extends Operands {
  readonly op: OpName;
  readonly arithmetic: Arithmetic;
}

export type Support =
  | { readonly supported: true; readonly arithmetic: Arithmetic }
  | { readonly supported: false; readonly reason: string };

/** The row that covers an op on these operands, if any. The first search in a list of rows makes an index of it. */
export function findCapability(
  rows: readonly Capability[],
  op: OpName,
  operands: Operands,
): Capability | undefined {
  let index = indices.get(rows);
  if (index === undefined) {
    // Of two rows for the same operands the first counts.
    index = new Map(rows.map((row) => [`${row.op} ${describeOperands(row)}`, row] as const).reverse());
    indices.set(rows, index);
  }
  return index.get(`${op} ${describeOperands(operands)}`);
}

/** A backend has thousands of rows, and asks at every spec. */
const indices = new WeakMap<readonly Capability[], ReadonlyMap<string, Capability>>();

/** "uint8 x int8 channel -> uint8" */
export function describeOperands({ activation, weight, output }: Operands): string {
  return `${activation}${weight === undefined ? "" : ` x ${weight}`} -> ${output}`;
}
