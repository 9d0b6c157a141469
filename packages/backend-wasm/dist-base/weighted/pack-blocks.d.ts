/**
 * Weights in blocks as the kernels want them. A panel has 8 channels and is one run of memory, block after block:
 *
 *   zero points   8 of 16 bits, where channels differ in them
 *   codes         in steps of 8 terms: vectors of 4 channels x 4 terms, interleaved within bytes
 *   scales        8 of float32
 *
 * A block's codes are filled up to whole steps. In a step, `quad` being which 4 of the 8 terms and `half` which 4 of the 8
 * channels, codes of 8 bits are 4 vectors [quad][half]; codes of 4 bits are 2 vectors [quad] with half 0 in the low bits of a
 * byte; codes of 2 bits are one vector, with half 0 and half 1 of quad 0 in the lowest bits and those of quad 1 above.
 */
import { type WeightedSpec, type Weights } from "@bitbudget/backend";
import { type Product } from "./product.ts";
/** How codes lie in memory. */
export interface BlockLayout {
    readonly bits: 8 | 4 | 2;
    /** Terms of a block; tensors and channels are one block of all terms. */
    readonly size: number;
    readonly count: number;
    /** Quads of terms that a block takes, an even number. */
    readonly quads: number;
    /**
     * How a vector of 4 channels x 4 terms is ordered. "quads": [channel][4 terms], for products of bytes. "pairs":
     * [2 pairs of terms][channel][2 terms], for products of 16 bits. "terms": [4 terms][channel], for floats.
     */
    readonly order: "quads" | "pairs" | "terms";
    /** What is added to codes and zero points, so that all are from 0 up (or signed bytes, where that is wanted). */
    readonly offset: number;
    /** The zero point of all, with the offset; undefined: each block of a channel has its own. */
    readonly zeroPoint: number | undefined;
    readonly panelBytes: number;
}
export declare function blockLayout({ attributes: { weight } }: WeightedSpec, { zeroPoint }: Weights<"linear" | "conv2d">, { depth }: Product, order: BlockLayout["order"], operand?: "unsigned" | "signed"): BlockLayout;
/** Packs weights [groups * channels, depth]; each group's last panel is filled up with channels whose scale is 0. */
export declare function packBlocks(weights: Weights<"linear" | "conv2d">, { groups, channels, depth, order: term }: Product, layout: BlockLayout): Uint8Array;
//# sourceMappingURL=pack-blocks.d.ts.map