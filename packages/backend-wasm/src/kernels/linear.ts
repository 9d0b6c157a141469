/** linear: the rows of the input times the weights. */
import { wasmKernel } from "../kernel.ts";
import { compileFloat } from "../weighted/float.ts";
import { linearProduct } from "../weighted/product.ts";
import { floatRows, refuseWeighted } from "../weighted/rows.ts";

export const linear = wasmKernel<"linear">({
  rows: floatRows,
  refuse: refuseWeighted,
  compile(context, spec, weights, owned) {
    return compileFloat(context, spec, weights, owned, linearProduct(spec));
  },
});
