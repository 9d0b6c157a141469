import { elementCount } from "@bitbudget/core";
import { codeForm, flipOffset, formShift, formZero } from "./code-form.js";
import { codeProduct } from "./code-product.js";
import { packChannels } from "./product.js";
import { numbers, spread } from "./weights.js";
export function compileStatic(context, spec, weights, owned, product) {
    const { dtype, shape } = spec.inputs[0];
    const form = codeForm(context.dot);
    const [zeroPoint = 0] = numbers(weights.inputZeroPoint);
    const zero = formZero(form, dtype, zeroPoint);
    const { sums, run } = codeProduct(context, spec, weights, owned, product, form);
    const bias = spec.attributes.bias === "int32" ? weights.bias : undefined;
    const start = packChannels(Int32Array.from(spread(bias, 0, product.groups * product.channels)), product);
    const init = owned.store(start.map((value, i) => value - Math.imul(zero, sums[i])));
    const padding = owned.store(Int32Array.of(zero));
    const rowScales = owned.store(Float32Array.of(1));
    const codes = inForm(context, form, dtype, zeroPoint, elementCount(shape), owned);
    return ([x], [y]) => run({ x: codes(x), padding, init, y: y, rowScales, rowScaleStep: 0 });
}
/** Brings codes into the form of the product, and says where they are then. */
export function inForm(context, form, dtype, zeroPoint, count, owned) {
    if (form !== "wide" && flipOffset(form, dtype) === 0)
        return (x) => x;
    const vectors = Math.ceil(count / 16);
    const to = owned.workspace(vectors << (4 + formShift(form)));
    return (x) => {
        const y = to();
        if (form === "wide")
            context.run("widenCodes", vectors, vectors, x, y, dtype === "int8" ? 1 : 0, zeroPoint);
        else
            context.run("flipCodes", vectors, vectors, x, y);
        return y;
    };
}
//# sourceMappingURL=static.js.map