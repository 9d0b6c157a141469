import { functionCode } from "../functions.js";
import { blockLayout, packBlocks } from "./pack-blocks.js";
import { PANEL, packChannels, sharesPanels, workOf } from "./product.js";
import { float32Weight } from "./weights.js";
export function compileDecoded(context, spec, weights, owned, product) {
    const { rows, depth, groups, channels, groupChannels, geometry } = product;
    const all = groups * channels;
    const panels = Math.ceil(channels / PANEL);
    const isCoded = spec.attributes.weight.granularity !== undefined;
    const { bytes, fields, panelBytes } = isCoded
        ? packedCodes(spec, weights, product)
        : packedHalves(weights, product);
    const w = owned.store(bytes);
    const packed = owned.store(fields);
    const bias = weights.bias === undefined ? new Float32Array(all) : float32Weight(weights.bias);
    const init = owned.store(packChannels(bias, product));
    const { fn, alpha, beta } = functionCode(spec.attributes.activation);
    const byPanels = sharesPanels(product);
    const work = workOf(product) / groups;
    return ([x], [y]) => {
        for (let group = 0; group < groups; group++)
            context.run("productDecoded", byPanels ? panels : rows, work, byPanels ? 1 : 0, x, geometry, group * groupChannels, packed, w + group * panels * panelBytes, init + group * panels * PANEL * 4, y + group * channels * 4, all * 4, rows, depth, channels, fn, alpha, beta);
    };
}
function packedCodes(spec, weights, product) {
    const layout = blockLayout(spec, weights, product, "terms");
    const { bits, size, quads, zeroPoint, panelBytes } = layout;
    const fields = Int32Array.of(bits, size, quads, zeroPoint === undefined ? 1 : 0, zeroPoint ?? 0, panelBytes);
    return { bytes: packBlocks(weights, product, layout), fields, panelBytes };
}
/** Panels of [depth][8 channels]. */
function packedHalves({ weight }, { groups, channels, depth, order }) {
    const panels = Math.ceil(channels / PANEL);
    const bits = weight?.data;
    const packed = new Uint16Array(groups * panels * PANEL * depth);
    const terms = Int32Array.from({ length: depth }, (_, k) => order(k));
    for (let channel = 0; channel < groups * channels; channel++) {
        const group = Math.floor(channel / channels);
        const within = channel - group * channels;
        const to = (group * panels + Math.floor(within / PANEL)) * PANEL * depth + (within % PANEL);
        for (let k = 0; k < depth; k++)
            packed[to + k * PANEL] = bits[channel * depth + terms[k]];
    }
    const panelBytes = PANEL * depth * 2;
    const format = weight?.dtype === "float16" ? 16 : 17;
    return {
        bytes: packed,
        fields: Int32Array.of(format, Math.max(depth, 1), 0, 0, 0, panelBytes),
        panelBytes,
    };
}
/** Whether a float16 tensor has infinities or NaN, which the kernels do not decode. */
export function hasInfinities(weight) {
    return (weight?.dtype === "float16" && weight.data.some((bits) => (bits & 0x7c00) === 0x7c00));
}
//# sourceMappingURL=decoded.js.map