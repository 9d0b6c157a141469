import { functionCode } from "../functions.js";
import { PANEL, packChannels, packPanels, sharesPanels, workOf } from "./product.js";
import { float32Weight } from "./weights.js";
export function compileFloat(context, spec, weights, owned, product) {
    const { rows, depth, groups, channels, groupChannels, geometry } = product;
    const all = groups * channels;
    const panels = Math.ceil(channels / PANEL);
    const w = owned.store(packPanels(float32Weight(weights.weight), product));
    const bias = weights.bias === undefined ? new Float32Array(all) : float32Weight(weights.bias);
    const init = owned.store(packChannels(bias, product));
    const { fn, alpha, beta } = functionCode(spec.attributes.activation);
    const byPanels = sharesPanels(product);
    const work = workOf(product) / groups;
    return ([x], [y]) => {
        for (let group = 0; group < groups; group++)
            context.run("productF32", byPanels ? panels : rows, work, byPanels ? 1 : 0, x, geometry, group * groupChannels, w + group * panels * PANEL * depth * 4, init + group * panels * PANEL * 4, y + group * channels * 4, all * 4, rows, depth, channels, fn, alpha, beta);
    };
}
//# sourceMappingURL=float.js.map