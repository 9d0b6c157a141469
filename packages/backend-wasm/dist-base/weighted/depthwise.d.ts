/** Depthwise convolutions: every channel has its own filter, so there is no product of matrices in them. */
import { type KernelSpec, type Weights } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import type { Product } from "./product.ts";
/** Whether a convolution of images with their channels last is for `compileDepthwise`. */
export declare function isDepthwise(spec: KernelSpec<"conv2d">): boolean;
export declare function compileDepthwise(context: Context, spec: KernelSpec<"conv2d">, weights: Weights<"conv2d">, owned: Owned, product: Product): Run;
//# sourceMappingURL=depthwise.d.ts.map