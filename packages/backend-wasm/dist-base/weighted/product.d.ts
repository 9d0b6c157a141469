/**
 * What linear and conv2d have in common: rows of activations times panels of weights. A linear's rows are those of its
 * input; a convolution's are windows over an image with its channels last, which the kernels lay out as they need them.
 */
import { type KernelSpec } from "@bitbudget/backend";
import type { NumberArray } from "../memory/linear-memory.ts";
import type { Owned } from "../memory/owned.ts";
export interface Product {
    /** Rows of activations: positions of the output. */
    readonly rows: number;
    /** Terms of one sum. */
    readonly depth: number;
    readonly groups: number;
    /** Sums of one group in a row of the output. */
    readonly channels: number;
    /** Elements of a group in one position of the input; 0 where the rows are those of the input. */
    readonly groupChannels: number;
    /** Address of the Geometry (assembly/geometry.ts), or 0 where the rows are those of the input. */
    readonly geometry: number;
    /** Filters are [c, kh, kw], and rows have their terms as [kh, kw, c]. */
    readonly order: WeightOrder;
}
/** Index of the weight, within its channel, that term `k` is multiplied with. */
export type WeightOrder = (k: number) => number;
export declare function linearProduct(spec: KernelSpec<"linear">): Product;
/** For images with their channels last. */
export declare function convProduct(spec: KernelSpec<"conv2d">, owned: Owned): Product;
/** Columns of a panel of packed weights. */
export declare const PANEL = 8;
/**
 * Weights [groups * channels, depth] as panels of [depth][8 channels], each group's last panel filled up with zeros:
 * the layout of assembly/gen/tiles.ts for floats.
 */
export declare function packPanels(weights: NumberArray, { groups, channels, depth, order }: Product): Float32Array;
/** One number for each channel, panel by panel, filled up with zeros. */
export declare function packChannels<T extends Float32Array | Int32Array>(values: T, { groups, channels }: Pick<Product, "groups" | "channels">): T;
/** Whether threads share the panels of a product rather than its rows: few rows leave nothing to share. */
export declare function sharesPanels({ rows, channels }: Pick<Product, "rows" | "channels">): boolean;
/** Multiply-adds of a product. */
export declare function workOf({ rows, depth, groups, channels }: Product): number;
//# sourceMappingURL=product.d.ts.map