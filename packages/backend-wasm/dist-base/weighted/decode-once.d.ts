/** Weights decoded as a whole when a kernel is prepared, for convolutions to which packed ones are of no use. */
import { type KernelSpec, type WeightedSpec, type Weights } from "@bitbudget/backend";
import type { Product } from "./product.ts";
/** Whether weights become float32 before they are multiplied. */
export declare function isDecoded(spec: WeightedSpec): boolean;
/**
 * Whether a convolution takes packed weights. Not where each channel has a few of its own, and not where terms are summed
 * in another order than that of the weights, so that blocks are no runs of terms.
 */
export declare function takesPacked(spec: KernelSpec<"conv2d">, { groupChannels, order }: Product): boolean;
/** The same convolution with its weights in float32. */
export declare function decodeOnce(spec: KernelSpec<"conv2d">, weights: Weights<"conv2d">, { depth }: Product): {
    readonly spec: KernelSpec<"conv2d">;
    readonly weights: Weights<"conv2d">;
};
//# sourceMappingURL=decode-once.d.ts.map