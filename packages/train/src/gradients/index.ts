/** The gradient of every operator that has one. Composite operators are in src/operators: they become several of these. */
import { activations } from "./activations.ts";
import { arithmetic } from "./arithmetic.ts";
import { convolutions } from "./convolutions.ts";
import { einsum } from "./einsum.ts";
import { functions } from "./functions.ts";
import { gelu } from "./gelu.ts";
import { joins } from "./joins.ts";
import { pools } from "./pools.ts";
import { products } from "./products.ts";
import { reductions } from "./reductions.ts";
import { resize } from "./resize.ts";
import type { GradientTable } from "./rule.ts";
import { selection } from "./selection.ts";
import { shapes } from "./shapes.ts";
import { softmax } from "./softmax.ts";

export const gradients: GradientTable = {
  ...activations,
  ...arithmetic,
  ...convolutions,
  ...functions,
  ...gelu,
  ...joins,
  ...pools,
  ...products,
  ...reductions,
  ...selection,
  ...shapes,
  ...softmax,
  Einsum: einsum,
  Resize: resize,
};
