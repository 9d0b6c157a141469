/** Depthwise convolutions on 8-bit codes: which of the two kernels, and weights and constants as it wants them. */
import { type KernelSpec, type Weights } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import type { Product } from "./product.ts";
export declare function compileDepthwiseCodes(context: Context, spec: KernelSpec<"conv2d">, weights: Weights<"conv2d">, owned: Owned, { geometry, groups: channels, depth: area }: Product): Run;
//# sourceMappingURL=depthwise-codes.d.ts.map