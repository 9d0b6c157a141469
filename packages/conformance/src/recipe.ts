/**
 * Recipes: how the numbers of a tensor are made, as plain data. A case stays a few lines of text however large its
 * tensors are, and anyone can make the same numbers again.
 */
import {
  type DType,
  dtypes,
  elementCount,
  encodeArray,
  type HostTensor,
  type TensorType,
} from "@bitbudget/core";
import { random } from "./random.ts";

export type Recipe =
  /** These numbers in order, from the start again when they run out. */
  | { readonly values: readonly number[] }
  /** Uniform between two bounds: integers where the format is one, both bounds included; else multiples of `step`. */
  | { readonly min: number; readonly max: number; readonly step?: number; readonly also?: readonly number[] };

/** One in this many elements is one of a recipe's `also`. */
const ALSO_EVERY = 6;

/** Numbers without surprises: whole ranges of small integers, floats of order one. */
export function defaultRecipe(dtype: DType): Recipe {
  const { kind, bits, min, max } = dtypes[dtype];
  if (kind === "float") return { min: -2, max: 2 };
  return bits <= 16 ? { min, max } : { min: Math.max(min, -1000), max: 1000 };
}

/** The numbers of a recipe, before they are rounded to the format. */
export function expand(recipe: Recipe, dtype: DType, count: number, seed: number): Float64Array {
  const numbers = new Float64Array(count);
  if ("values" in recipe) {
    const { values } = recipe;
    for (let i = 0; i < count; i++) numbers[i] = values[i % values.length] ?? 0;
    return numbers;
  }
  const next = random(seed);
  const { min, max, also } = recipe;
  const step = dtypes[dtype].kind === "float" ? recipe.step : 1;
  for (let i = 0; i < count; i++) {
    numbers[i] =
      step === undefined
        ? min + next() * (max - min)
        : min + step * Math.floor(next() * ((max - min) / step + 1));
    if (also !== undefined && Math.floor(next() * ALSO_EVERY) === 0)
      numbers[i] = also[Math.floor(next() * also.length)] ?? 0;
  }
  return numbers;
}

/** A tensor of the type with the numbers of the recipe, rounded to its format. */
export function makeTensor(type: TensorType, recipe: Recipe, seed: number): HostTensor {
  return exactTensor(type, expand(recipe, type.dtype, elementCount(type.shape), seed));
}

/** A tensor of the type with the given numbers, rounded to its format; infinities stay what they are. */
export function exactTensor({ dtype, shape }: TensorType, numbers: ArrayLike<number>): HostTensor {
  return {
    dtype,
    shape,
    data: encodeArray(dtype, Float64Array.from(numbers), undefined, { saturate: false }),
  };
}
