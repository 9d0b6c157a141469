/** linear: the rows of the input times the weights. */
import { withHalves } from "../half.ts";
import { wasmKernel } from "../kernel.ts";
import { compileWeighted } from "../weighted/compile.ts";
import { linearProduct } from "../weighted/product.ts";
import { decodedRows, dynamicRows, floatRows, refuseWeighted, staticRows } from "../weighted/rows.ts";

export const linear = wasmKernel(
  withHalves<"linear">(
    {
      rows: [...floatRows, ...decodedRows, ...staticRows, ...dynamicRows(["uint8", "int8"])],
      refuse: refuseWeighted,
      compile(context, spec, weights, owned) {
        return compileWeighted(context, spec, weights, owned, linearProduct(spec));
      },
    },
    "any",
  ),
);
