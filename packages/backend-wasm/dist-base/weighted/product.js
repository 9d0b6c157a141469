/**
 * What linear and conv2d have in common: rows of activations times panels of weights. A linear's rows are those of its
 * input; a convolution's are windows over an image with its channels last, which the kernels lay out as they need them.
 */
import { conv2dDepth, linearDepth, windowOutput, } from "@bitbudget/backend";
import { elementCount } from "@bitbudget/core";
export function linearProduct(spec) {
    const shape = spec.inputs[0]?.shape ?? [];
    return {
        rows: elementCount(shape.slice(0, -1)),
        depth: linearDepth(spec),
        groups: 1,
        channels: spec.attributes.channels,
        groupChannels: 0,
        geometry: 0,
        order: (k) => k,
    };
}
/** For images with their channels last. */
export function convProduct(spec, owned) {
    const { attributes } = spec;
    const [kernelHeight, kernelWidth] = attributes.kernel;
    const { image, height, width } = windowOutput(spec, spec.inputs[0]);
    const { groups } = attributes;
    const groupChannels = image.channels / groups;
    const area = kernelHeight * kernelWidth;
    const common = {
        rows: image.batch * height * width,
        depth: conv2dDepth(spec),
        groups,
        channels: attributes.channels / groups,
        groupChannels,
        order: (k) => (k % groupChannels) * area + Math.floor(k / groupChannels),
    };
    if (groups === 1 && isPointwise(attributes))
        return { ...common, geometry: 0 };
    const fields = [
        ...[image.height, image.width, image.channels, groupChannels, height, width, kernelHeight, kernelWidth],
        ...attributes.strides,
        ...attributes.dilations,
        ...attributes.pads.slice(0, 2),
    ];
    return { ...common, geometry: owned.store(Int32Array.from(fields)) };
}
/** Whether windows are single positions, so that rows of the input are rows of the product. */
function isPointwise({ kernel, strides, pads }) {
    return [...kernel, ...strides].every((n) => n === 1) && pads.every((n) => n === 0);
}
/** Columns of a panel of packed weights. */
export const PANEL = 8;
/**
 * Weights [groups * channels, depth] as panels of [depth][8 channels], each group's last panel filled up with zeros:
 * the layout of assembly/gen/tiles.ts for floats.
 */
export function packPanels(weights, { groups, channels, depth, order }) {
    const panels = Math.ceil(channels / PANEL);
    const packed = new Float32Array(groups * panels * PANEL * depth);
    const terms = Int32Array.from({ length: depth }, (_, k) => order(k));
    for (let group = 0; group < groups; group++)
        for (let channel = 0; channel < channels; channel++) {
            const from = (group * channels + channel) * depth;
            const panel = group * panels + Math.floor(channel / PANEL);
            const to = panel * PANEL * depth + (channel % PANEL);
            for (let k = 0; k < depth; k++)
                packed[to + k * PANEL] = weights[from + terms[k]];
        }
    return packed;
}
/** One number for each channel, panel by panel, filled up with zeros. */
export function packChannels(values, { groups, channels }) {
    const panels = Math.ceil(channels / PANEL);
    const packed = new values.constructor(groups * panels * PANEL);
    for (let group = 0; group < groups; group++)
        packed.set(values.subarray(group * channels, (group + 1) * channels), group * panels * PANEL);
    return packed;
}
/** Whether threads share the panels of a product rather than its rows: few rows leave nothing to share. */
export function sharesPanels({ rows, channels }) {
    return rows < 48 && channels > rows;
}
/** Multiply-adds of a product. */
export function workOf({ rows, depth, groups, channels }) {
    return rows * depth * groups * channels;
}
//# sourceMappingURL=product.js.map