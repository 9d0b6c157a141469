/** What becomes of int32 sums of codes: the fields of Finish (assembly/finish.ts). */
import { type WeightedSpec, type Weights } from "@bitbudget/backend";
import type { Owned } from "../memory/owned.ts";
import { type Product } from "./product.ts";
/** Address of the fields. */
export declare function storeFinish(spec: WeightedSpec, weights: Weights<"linear" | "conv2d">, product: Product, owned: Owned): number;
interface FinishFields {
    readonly kind: 0 | 1 | 2;
    readonly scales?: number;
    readonly bias?: number;
    readonly low?: number;
    readonly high?: number;
    readonly zeroPoint?: number;
    readonly signed?: number;
    readonly fn?: number;
    readonly alpha?: number;
    readonly beta?: number;
}
export declare function finishFields({ kind, scales, bias, low, high, zeroPoint, signed, fn, alpha, beta, }: FinishFields): Int32Array;
export {};
//# sourceMappingURL=finish.d.ts.map