import { PANEL, packChannels } from "./product.js";
import { numbers, spread } from "./weights.js";
/** Terms that are neighbours in a panel: one dot product of bytes takes as many. */
const QUAD = 4;
/** Bytes of the packed weights of a group. */
export function packedBytes(depth, channels) {
    return Math.ceil(channels / PANEL) * PANEL * Math.ceil(depth / QUAD) * QUAD;
}
/**
 * Weights of 8, 4 or 2 bits as panels of int8. Less their zero points, if that fits: then products have fewer terms. Else as
 * codes, uint8 ones and their zero points less 128.
 */
export function packCodes({ weight, zeroPoint }, product, owned) {
    const { groups, channels, depth, order } = product;
    const all = groups * channels;
    const codes = numbers(weight);
    const zeros = spread(zeroPoint, 0, all);
    const plain = fitsLessZeros(codes, zeros, depth);
    const offset = !plain && weight?.dtype === "uint8" ? -128 : 0;
    const sums = new Int32Array(all);
    const terms = Int32Array.from({ length: depth }, (_, k) => order(k));
    const places = Int32Array.from({ length: depth }, (_, k) => placeOf(k));
    const groupBytes = packedBytes(depth, channels);
    const panelBytes = packedBytes(depth, PANEL);
    const packed = new Int8Array(groups * groupBytes);
    for (let channel = 0; channel < all; channel++) {
        const group = Math.floor(channel / channels);
        const column = channel - group * channels;
        const to = group * groupBytes + Math.floor(column / PANEL) * panelBytes + (column % PANEL) * QUAD;
        const from = channel * depth;
        const zero = zeros[channel];
        const moved = plain ? -zero : offset;
        let sum = 0;
        for (let k = 0; k < depth; k++) {
            const code = codes[from + terms[k]] + moved;
            packed[to + places[k]] = code;
            sum += code;
        }
        sums[channel] = plain ? sum : sum - (zero + offset) * depth;
    }
    return {
        panels: owned.store(packed),
        sums: packChannels(sums, product),
        ones: plain ? 0 : owned.store(packOnes(depth)),
        zeros: plain
            ? 0
            : owned.store(packChannels(Int32Array.from(zeros, (zero) => zero + offset), product)),
    };
}
/** Whether every weight less the zero point of its channel is an int8. */
function fitsLessZeros(codes, zeros, depth) {
    return zeros.every((zero, channel) => {
        for (let i = channel * depth; i < (channel + 1) * depth; i++) {
            const factor = codes[i] - zero;
            if (factor < -128 || factor > 127)
                return false;
        }
        return true;
    });
}
/** Where term `k` of the first channel of a panel lies. */
function placeOf(k) {
    return Math.floor(k / QUAD) * QUAD * PANEL + (k % QUAD);
}
/** A panel of one channel, all ones: its products are sums of rows. */
export function packOnes(depth) {
    const packed = new Int8Array(packedBytes(depth, PANEL));
    for (let k = 0; k < depth; k++)
        packed[placeOf(k)] = 1;
    return packed;
}
//# sourceMappingURL=code-weights.js.map