/** From int32 sums to 8-bit codes: what the kernels of static arithmetic need to know (docs/numerics.md). */
import { type WeightedSpec, type Weights } from "@bitbudget/backend";
export interface Requantization {
    /** Of each channel; all of them finite. */
    readonly multipliers: Float32Array;
    /** Smallest and largest code of the output, less its zero point. */
    readonly low: number;
    readonly high: number;
    readonly zeroPoint: number;
    /** 1 where codes of the output are int8. */
    readonly signed: number;
}
export declare function requantization({ attributes }: WeightedSpec, weights: Weights<"linear" | "conv2d">, channels: number): Requantization;
/**
 * A multiplier with the same codes that makes no NaN: NaN itself gives the zero point, as 0 does; an infinite one
 * saturates every sum but 0, as the largest number does.
 */
export declare function finiteMultiplier(multiplier: number): number;
//# sourceMappingURL=requantization.d.ts.map