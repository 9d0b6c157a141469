/** float x float: sums of products in float32. */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { compileFloatSums } from "./float-sums.ts";
import { PANEL, type Product, packPanels } from "./product.ts";
import { float32Weight } from "./weights.ts";

export function compileFloat(
  context: Context,
  spec: WeightedSpec,
  weights: Weights<"linear" | "conv2d">,
  owned: Owned,
  product: Product,
): Run {
  const address = owned.store(packPanels(float32Weight(weights.weight), product));
  const panels = { address, bytes: PANEL * product.depth * 4 };
  return compileFloatSums(spec, weights, owned, product, panels, (total, work, ...sums) =>
    context.run("productF32", total, work, ...sums),
  );
}
