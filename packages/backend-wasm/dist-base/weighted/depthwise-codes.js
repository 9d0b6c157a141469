/** Depthwise convolutions on 8-bit codes: which of the two kernels, and weights and constants as it wants them. */
import { windowOutput } from "@bitbudget/backend";
import { requantization } from "./requantization.js";
import { numbers } from "./weights.js";
export function compileDepthwiseCodes(context, spec, weights, owned, { geometry, groups: channels, depth: area }) {
    const { image, height, width } = windowOutput(spec, spec.inputs[0]);
    const padded = Math.ceil(channels / 16) * 16;
    const [inputZeroPoint = 0] = numbers(weights.inputZeroPoint);
    const signedInput = spec.inputs[0].dtype === "int8";
    const factors = depthwiseFactors(weights, channels, area);
    const kernel = chooseKernel(context, spec, factors, signedInput);
    // Flipping the top bit of a code turns int8 into uint8 and back, and moves the zero point by 128.
    const zeroPoint = inputZeroPoint + (kernel.flip === 0 ? 0 : signedInput ? 128 : -128);
    const bias = numbers(weights.bias);
    const init = new Int32Array(padded);
    for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let tap = 0; tap < area; tap++)
            sum += factors[channel * area + tap];
        init[channel] = (bias[channel] ?? 0) - zeroPoint * sum;
    }
    const wide = kernel.name === "depthwiseWide";
    const order = kernel.name === "depthwiseDot3x3" ? columnsOf3x3 : Array.from({ length: area }, (_, tap) => tap);
    const packed = packTaps(factors, channels, order, padded, kernel.tapsTogether);
    const taps = packed.length / padded;
    const w = owned.store(wide ? packed : Int8Array.from(packed));
    const { multipliers, low, high, zeroPoint: outputZeroPoint, signed, } = requantization(spec, weights, channels);
    const allMultipliers = new Float32Array(padded);
    allMultipliers.set(multipliers);
    const m = owned.store(allMultipliers);
    const start = owned.store(init);
    const zeros = owned.store(new Int8Array(padded).fill(inputZeroPoint));
    const lines = image.batch * height;
    const work = lines * width * channels * area;
    const mode = wide ? (signedInput ? 1 : 0) : kernel.flip;
    return ([x], [y]) => {
        const rest = [padded, zeros, mode, low, high, outputZeroPoint, signed];
        if (kernel.name === "depthwiseDot3x3")
            context.run(kernel.name, lines, work, x, geometry, w, start, m, y, ...rest);
        else
            context.run(kernel.name, lines, work, x, geometry, w, taps, start, m, y, ...rest);
    };
}
/** Weights less their zero points, [channels, area]. */
function depthwiseFactors(weights, channels, area) {
    const factors = Int16Array.from(numbers(weights.weight));
    const zeroPoints = numbers(weights.zeroPoint);
    for (let channel = 0; channel < channels; channel++)
        for (let tap = 0; tap < area; tap++)
            factors[channel * area + tap] -= zeroPoints[zeroPoints.length === 1 ? 0 : channel] ?? 0;
    return factors;
}
/** The dot product of bytes where it is exact with all of them and the weights fit, else that of 16-bit numbers. */
function chooseKernel({ relaxed, dot }, { attributes: { kernel, strides, dilations } }, factors, signedInput) {
    const fits = factors.every((factor) => factor >= -128 && factor <= 127);
    if (!relaxed || dot === "seven" || !fits)
        return { name: "depthwiseWide", tapsTogether: 2, flip: 0 };
    const flip = (dot === "signed") === signedInput ? 0 : 0x80;
    const neighbours = kernel[0] === 3 && kernel[1] === 3 && strides[1] === 1 && dilations[1] === 1;
    return { name: neighbours ? "depthwiseDot3x3" : "depthwiseDot", tapsTogether: 4, flip };
}
/** Taps of a 3x3 filter column by column, each filled up to four. */
const columnsOf3x3 = [0, 3, 6, undefined, 1, 4, 7, undefined, 2, 5, 8, undefined];
/**
 * [channels, area] as [taps / together][padded channels][together], with zeros where there is nothing. `order` says
 * which tap of the filter comes where.
 */
function packTaps(factors, channels, order, padded, together) {
    const area = factors.length / channels;
    const packed = new Int16Array(Math.ceil(order.length / together) * together * padded);
    for (const [at, tap] of order.entries()) {
        if (tap === undefined)
            continue;
        const to = Math.floor(at / together) * padded * together + (at % together);
        for (let channel = 0; channel < channels; channel++)
            packed[to + channel * together] = factors[channel * area + tap];
    }
    return packed;
}
//# sourceMappingURL=depthwise-codes.js.map