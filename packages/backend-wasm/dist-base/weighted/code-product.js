import { formShift } from "./code-form.js";
import { packCodes } from "./code-weights.js";
import { storeFinish } from "./finish.js";
import { PANEL, sharesPanels, workOf } from "./product.js";
/** @param rowStep elements from one row of the activations to the next */
export function codeProduct(context, spec, weights, owned, product, form, rowStep = product.depth) {
    const { rows, depth, groups, channels, groupChannels, geometry } = product;
    const packed = packCodes(weights, product, owned);
    const byPanels = sharesPanels(product);
    const fields = owned.store(codeFields({
        ...{ rows, depth, groups, channels, groupChannels, geometry },
        ...{ rowStep, form, byPanels, ones: packed.ones, zeros: packed.zeros },
        finish: storeFinish(spec, weights, product, owned),
    }));
    const panels = groups * Math.ceil(channels / PANEL);
    // A product of bytes is about a quarter of one of floats.
    const work = workOf(product) / 4;
    return {
        sums: packed.sums,
        panels,
        run({ x, padding, init, y, rowScales, rowScaleStep }) {
            const total = byPanels ? panels : rows;
            context.run(...["productI8", total, work, fields, x, padding], ...[packed.panels, init, y, rowScales, rowScaleStep]);
        },
    };
}
/** The fields of CodeProduct (assembly/product-i8.ts). */
export function codeFields(f) {
    const shift = formShift(f.form);
    return Int32Array.of(...[f.rows, f.depth, f.groups, f.channels, f.groupChannels, f.geometry], ...[f.rowStep << shift, shift, f.byPanels ? 1 : 0, f.ones, f.zeros, f.finish]);
}
//# sourceMappingURL=code-product.js.map