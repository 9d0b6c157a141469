/** Codes x codes with scales that are known in advance: int32 sums, codes of another scale, or floats. */
import type { WeightedSpec, Weights } from "@bitbudget/backend";
import { type DType } from "@bitbudget/core";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
import { type CodeForm } from "./code-form.ts";
import { type Product } from "./product.ts";
export declare function compileStatic(context: Context, spec: WeightedSpec, weights: Weights<"linear" | "conv2d">, owned: Owned, product: Product): Run;
/** Brings codes into the form of the product, and says where they are then. */
export declare function inForm(context: Context, form: CodeForm, dtype: DType, zeroPoint: number, count: number, owned: Owned): (x: number) => number;
//# sourceMappingURL=static.d.ts.map