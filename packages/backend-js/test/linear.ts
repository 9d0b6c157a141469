/** Shorthand for tests of linear. */
import type { KernelSpec, LinearAttributes } from "@bitbudget/backend";
import { type DType, scalar, tensor } from "@bitbudget/core";

/** A spec of linear. */
export function linear(
  dtype: DType,
  shape: readonly number[],
  attributes: LinearAttributes,
): KernelSpec<"linear"> {
  return { op: "linear", inputs: [{ dtype, shape }], attributes };
}

/** A float32 tensor. */
export const f32 = (shape: readonly number[], values: readonly number[]) => tensor("float32", shape, values);
export const one = scalar("float32", 1);
/** The integers from the first to the last. */
export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
