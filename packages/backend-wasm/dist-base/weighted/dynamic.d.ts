/** float x codes, the activations being quantized while the kernel runs: a scale for the tensor, or one for each row. */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import type { Product } from "./product.ts";
export declare function compileDynamic(context: Context, spec: WeightedSpec, weights: Weights<"linear" | "conv2d">, owned: Owned, product: Product): Run;
//# sourceMappingURL=dynamic.d.ts.map