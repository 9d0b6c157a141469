/** dynamic int8: rows quantized as they come, times codes of 8, 4 or 2 bits; the int32 sums of blocks become floats. */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { type Product } from "./product.ts";
export declare function compileBlocks(context: Context, spec: WeightedSpec, weights: Weights<"linear" | "conv2d">, owned: Owned, product: Product): Run;
//# sourceMappingURL=blocks.d.ts.map