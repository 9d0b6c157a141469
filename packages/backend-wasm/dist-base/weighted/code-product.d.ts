/** Products of codes: what static and dynamic activations have in common (assembly/product-i8.ts). */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Owned } from "../memory/owned.ts";
import { type CodeForm } from "./code-form.ts";
import { type Product } from "./product.ts";
export interface CodeProduct {
    /** Sum of each channel's weights less their zero points, wrapping, panel by panel. */
    readonly sums: Int32Array;
    /** Panels of all groups. */
    readonly panels: number;
    run(operands: CodeOperands): void;
}
/** Addresses. */
export interface CodeOperands {
    /** Activations in the form of the product. */
    readonly x: number;
    /** The number that stands for 0 in that form, an int32. */
    readonly padding: number;
    /** What sums start with, panel by panel. */
    readonly init: number;
    readonly y: number;
    /** Scales of the rows, 4 bytes apart, or one for all where the step is 0. */
    readonly rowScales: number;
    readonly rowScaleStep: 0 | 4;
}
/** @param rowStep elements from one row of the activations to the next */
export declare function codeProduct(context: Context, spec: WeightedSpec, weights: Weights<"linear" | "conv2d">, owned: Owned, product: Product, form: CodeForm, rowStep?: number): CodeProduct;
export interface CodeFields extends Omit<Product, "order"> {
    readonly form: CodeForm;
    /** Elements from one row of the activations to the next. */
    readonly rowStep: number;
    /** Whether ranges count panels, else rows. */
    readonly byPanels: boolean;
    /** Addresses, as in CodeWeights. */
    readonly ones: number;
    readonly zeros: number;
    /** Address of the Finish. */
    readonly finish: number;
}
/** The fields of CodeProduct (assembly/product-i8.ts). */
export declare function codeFields(f: CodeFields): Int32Array;
//# sourceMappingURL=code-product.d.ts.map