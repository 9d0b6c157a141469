/** Depthwise convolutions: every channel has its own filter, so there is no product of matrices in them. */
import { weightedArithmetic, windowOutput } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { functionCode } from "../functions.js";
import { compileDepthwiseCodes } from "./depthwise-codes.js";
import { float32Weight } from "./weights.js";
/** Whether a convolution of images with their channels last is for `compileDepthwise`. */
export function isDepthwise(spec) {
    const { groups, channels, weight, output } = spec.attributes;
    if (spec.inputs[0]?.shape[3] !== groups || channels !== groups || groups === 1)
        return false;
    const arithmetic = weightedArithmetic(spec);
    return ((arithmetic === "float" && weight.dtype === "float32") ||
        (arithmetic === "static" && dtypes[output].bits === 8));
}
export function compileDepthwise(context, spec, weights, owned, product) {
    const compile = weightedArithmetic(spec) === "float" ? compileDepthwiseFloats : compileDepthwiseCodes;
    return compile(context, spec, weights, owned, product);
}
function compileDepthwiseFloats(context, spec, weights, owned, { geometry, groups }) {
    const { image, height, width } = windowOutput(spec, spec.inputs[0]);
    const [kernelHeight, kernelWidth] = spec.attributes.kernel;
    const area = kernelHeight * kernelWidth;
    const padded = Math.ceil(groups / 8) * 8;
    const w = owned.store(packTaps(float32Weight(weights.weight), groups, area, padded));
    const bias = new Float32Array(padded);
    bias.set(float32Weight(weights.bias));
    const init = owned.store(bias);
    const { fn, alpha, beta } = functionCode(spec.attributes.activation);
    const lines = image.batch * height;
    const work = lines * width * groups * area;
    return ([x], [y]) => context.run("depthwiseF32", lines, work, x, geometry, w, init, y, padded, fn, alpha, beta);
}
/** [channels, area] as [area, padded], with zeros behind the channels. */
function packTaps(weights, channels, area, padded) {
    const packed = new Float32Array(area * padded);
    for (let channel = 0; channel < channels; channel++)
        for (let tap = 0; tap < area; tap++)
            packed[tap * padded + channel] = weights[channel * area + tap];
    return packed;
}
//# sourceMappingURL=depthwise.js.map