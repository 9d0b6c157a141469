/** 3x3 convolutions by Winograd's F(2x2, 3x3): when it is worth it, and its transformed filters. */
import { type KernelSpec, type Weights } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { type Product } from "./product.ts";
/** Whether a convolution of images with their channels last is for `compileWinograd`. */
export declare function isWinograd(spec: KernelSpec<"conv2d">): boolean;
export declare function compileWinograd(context: Context, spec: KernelSpec<"conv2d">, weights: Weights<"conv2d">, owned: Owned, product: Product): Run;
//# sourceMappingURL=winograd.d.ts.map