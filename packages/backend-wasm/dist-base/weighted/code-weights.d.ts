/** Weights of products of codes, packed for assembly/product-i8.ts. */
import type { Weights } from "@bitbudget/backend";
import type { Owned } from "../memory/owned.ts";
import { type Product } from "./product.ts";
export interface CodeWeights {
    /** Address of the panels. */
    readonly panels: number;
    /** Sum of each channel's weights less their zero points, wrapping, panel by panel. */
    readonly sums: Int32Array;
    /** Addresses of a panel whose first column is ones, and of the zero points; 0 where all zero points are 0. */
    readonly ones: number;
    readonly zeros: number;
}
/** Bytes of the packed weights of a group. */
export declare function packedBytes(depth: number, channels: number): number;
/**
 * Weights of 8, 4 or 2 bits as panels of int8. Less their zero points, if that fits: then products have fewer terms. Else as
 * codes, uint8 ones and their zero points less 128.
 */
export declare function packCodes({ weight, zeroPoint }: Weights<"linear" | "conv2d">, product: Product, owned: Owned): CodeWeights;
/** A panel of one channel, all ones: its products are sums of rows. */
export declare function packOnes(depth: number): Int8Array;
//# sourceMappingURL=code-weights.d.ts.map