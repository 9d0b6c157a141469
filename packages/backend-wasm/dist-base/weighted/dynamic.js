import { elementCount } from "@bitbudget/core";
import { codeForm, flipOffset, formShift, formZero } from "./code-form.js";
import { codeProduct } from "./code-product.js";
export function compileDynamic(context, spec, weights, owned, product) {
    const compile = spec.attributes.dynamic?.granularity === "tensor" ? compileTensor : compileRows;
    return compile(context, spec, weights, owned, product);
}
/** Elements whose range is found together; assembly/dynamic.ts says the same. */
const CHUNK = 4096;
/** uint8 (ONNX DynamicQuantizeLinear). */
const compileTensor = (context, spec, weights, owned, product) => {
    const form = codeForm(context.dot);
    const wide = formShift(form);
    const { sums, panels, run } = codeProduct(context, spec, weights, owned, product, form);
    const weightSums = owned.store(sums);
    const offset = flipOffset(form, "uint8");
    const count = elementCount(spec.inputs[0].shape);
    const chunks = Math.ceil(count / CHUNK);
    const rangesAt = owned.workspace(chunks * 8);
    const scaleAt = owned.workspace(12);
    const codesAt = owned.workspace((count + 8) << wide);
    const initAt = owned.workspace(sums.byteLength);
    return ([x], [y]) => {
        const [ranges, scale, codes, init] = [rangesAt(), scaleAt(), codesAt(), initAt()];
        // A TensorScale: the scale, then the number that stands for 0.
        const padding = scale + 4;
        context.run("rangesOfChunks", chunks, count / 4, x, count, ranges);
        context.run("scaleOfTensor", 1, 1, ranges, chunks, offset, wide, scale);
        context.run("quantizeTensor", chunks, count, x, count, scale, wide, codes);
        context.run("startSums", panels, panels, padding, weightSums, init);
        run({ x: codes, padding, init, y: y, rowScales: scale, rowScaleStep: 0 });
    };
};
/** int8, symmetric. */
const compileRows = (context, spec, weights, owned, product) => {
    const { rows, depth } = product;
    const form = codeForm(context.dot);
    const wide = formShift(form);
    const rowStep = Math.ceil(depth / 16) * 16;
    const { sums, run } = codeProduct(context, spec, weights, owned, product, form, rowStep);
    const zero = formZero(form, "int8", 0);
    const init = owned.store(sums.map((sum) => -Math.imul(zero, sum)));
    const padding = owned.store(Int32Array.of(zero));
    const codesAt = owned.workspace((rows * rowStep) << wide);
    const scalesAt = owned.workspace(rows * 4);
    return ([x], [y]) => {
        const [codes, rowScales] = [codesAt(), scalesAt()];
        const work = rows * depth;
        context.run("quantizeRows", rows, work, x, depth, zero, wide, codes, rowStep << wide, rowScales);
        run({ x: codes, padding, init, y: y, rowScales, rowScaleStep: 4 });
    };
};
//# sourceMappingURL=dynamic.js.map