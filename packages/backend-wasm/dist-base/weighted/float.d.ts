/** float x float: sums of products in float32. */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { type Product } from "./product.ts";
export declare function compileFloat(context: Context, spec: WeightedSpec, weights: Weights<"linear" | "conv2d">, owned: Owned, product: Product): Run;
//# sourceMappingURL=float.d.ts.map