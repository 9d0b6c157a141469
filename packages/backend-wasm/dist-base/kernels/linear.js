/** linear: the rows of the input times the weights. */
import { wasmKernel } from "../kernel.js";
import { compileWeighted } from "../weighted/compile.js";
import { linearProduct } from "../weighted/product.js";
import { blockRows, decodedRows, dynamicRows, floatRows, refuseWeighted, staticRows, } from "../weighted/rows.js";
export const linear = wasmKernel({
    rows: [...floatRows, ...decodedRows, ...staticRows, ...dynamicRows(["uint8", "int8"]), ...blockRows],
    refuse: refuseWeighted,
    compile(context, spec, weights, owned) {
        return compileWeighted(context, spec, weights, owned, linearProduct(spec));
    },
});
//# sourceMappingURL=linear.js.map