/** Words of the cases of elementwise: its steps, and a case of them. */
import type { ElementwiseStep, elementwiseBinary, PlainFunction } from "@bitbudget/backend";
import type { TensorType } from "@bitbudget/core";
import { type Case, defineCase } from "../case.ts";
import type { Recipe } from "../recipe.ts";
import { values } from "./helpers.ts";

export const unary = (fn: PlainFunction, of: number): ElementwiseStep => ({
  kind: "unary",
  function: { fn },
  of,
});
export const binary = (fn: (typeof elementwiseBinary)[number], a: number, b: number): ElementwiseStep => ({
  kind: "binary",
  function: fn,
  of: [a, b],
});

export const toCodes = (
  of: number,
  scale: number,
  zeroPoint: number,
  dtype: "uint8" | "int8",
): ElementwiseStep => ({
  kind: "quantize",
  of,
  scale,
  zeroPoint,
  dtype,
});

export interface Chain {
  readonly constants?: readonly number[];
  readonly steps: readonly ElementwiseStep[];
  readonly recipes?: readonly Recipe[];
  readonly expected?: readonly number[];
}

export function chain(
  name: string,
  inputs: readonly TensorType[],
  { constants = [], steps, recipes, expected }: Chain,
): Case {
  const spec = { op: "elementwise", inputs, attributes: { constants: constants.length, steps } } as const;
  return defineCase(`elementwise/${name}`, spec, {
    ...(recipes === undefined ? {} : { inputs: recipes }),
    weights: { constants: values(...constants) },
    ...(expected === undefined ? {} : { expected: [expected] }),
  });
}
