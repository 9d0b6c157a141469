/** The gradient of every operator that has one. Composite operators are in src/operators: they become several of these. */
import { arithmetic } from "./arithmetic.ts";
import { functions } from "./functions.ts";
import { products } from "./products.ts";
import { reductions } from "./reductions.ts";
import type { GradientTable } from "./rule.ts";
import { shapes } from "./shapes.ts";

export const gradients: GradientTable = {
  ...arithmetic,
  ...functions,
  ...products,
  ...reductions,
  ...shapes,
};
