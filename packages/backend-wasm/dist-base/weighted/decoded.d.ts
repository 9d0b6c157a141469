/**
 * float32 activations times weights of 16 bits or less, which become floats as they are used: codes ("weight-only"),
 * float16 and bfloat16.
 */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import type { HostTensor } from "@bitbudget/core";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { type Product } from "./product.ts";
export declare function compileDecoded(context: Context, spec: WeightedSpec, weights: Weights<"linear" | "conv2d">, owned: Owned, product: Product): Run;
/** Whether a float16 tensor has infinities or NaN, which the kernels do not decode. */
export declare function hasInfinities(weight: HostTensor | undefined): boolean;
//# sourceMappingURL=decoded.d.ts.map