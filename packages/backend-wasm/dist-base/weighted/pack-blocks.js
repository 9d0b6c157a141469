/**
 * Weights in blocks as the kernels want them. A panel has 8 channels and is one run of memory, block after block:
 *
 *   zero points   8 of 16 bits, where channels differ in them
 *   codes         in steps of 8 terms: vectors of 4 channels x 4 terms, interleaved within bytes
 *   scales        8 of float32
 *
 * A block's codes are filled up to whole steps. In a step, `quad` being which 4 of the 8 terms and `half` which 4 of the 8
 * channels, codes of 8 bits are 4 vectors [quad][half]; codes of 4 bits are 2 vectors [quad] with half 0 in the low bits of a
 * byte; codes of 2 bits are one vector, with half 0 and half 1 of quad 0 in the lowest bits and those of quad 1 above.
 */
import { blockCount } from "@bitbudget/backend";
import { dtypes, elementCount, unpack } from "@bitbudget/core";
import { PANEL } from "./product.js";
import { float32Weight } from "./weights.js";
export function blockLayout({ attributes: { weight } }, { zeroPoint }, { depth }, order, operand = "unsigned") {
    const { bits, min } = dtypes[weight.dtype];
    const whole = Math.max(depth, 1);
    const size = weight.granularity?.kind === "block" ? Math.min(weight.granularity.size, whole) : whole;
    const count = blockCount(depth, size);
    const quads = 2 * Math.ceil(size / 8);
    const offset = operand === "signed" ? -min - 2 ** (bits - 1) : -min;
    const zeroPoints = zeroPoint === undefined ? [0] : codesOf(zeroPoint);
    const uniform = zeroPoints.length === 1 ? zeroPoints[0] + offset : undefined;
    const blockBytes = (uniform === undefined ? 2 * PANEL : 0) + 4 * quads * bits + 4 * PANEL;
    return {
        bits: bits,
        size,
        count,
        quads,
        order,
        offset,
        zeroPoint: uniform,
        panelBytes: count * blockBytes,
    };
}
/** Packs weights [groups * channels, depth]; each group's last panel is filled up with channels whose scale is 0. */
export function packBlocks(weights, { groups, channels, depth, order: term }, layout) {
    const { bits, size, count, quads, offset, zeroPoint, panelBytes } = layout;
    const panels = Math.ceil(channels / PANEL);
    const packed = new Uint8Array(groups * panels * panelBytes);
    const view = new DataView(packed.buffer);
    const codes = codesOf(weights.weight);
    const scales = float32Weight(weights.scale);
    const zeroPoints = codesOf(weights.zeroPoint);
    // There may be one scale for all.
    const scaleStep = scales.length === 1 ? 0 : 1;
    const zeroBytes = zeroPoint === undefined ? 2 * PANEL : 0;
    const codeBytes = 4 * quads * bits;
    const { bytes, shifts } = stepPlaces(layout);
    const terms = Int32Array.from({ length: depth }, (_, k) => term(k));
    const mask = 2 ** bits - 1;
    for (let channel = 0; channel < groups * channels; channel++) {
        const group = Math.floor(channel / channels);
        const within = channel - group * channels;
        const column = within % PANEL;
        // 2-bit codes of the second half of the channels are used 4 times as large (scripts/block-tiles.mjs).
        const factor = bits === 2 && column >= PANEL / 2 ? 4 : 1;
        let at = (group * panels + Math.floor(within / PANEL)) * panelBytes;
        for (let block = 0; block < count; block++) {
            const index = channel * count + block;
            if (zeroBytes > 0)
                view.setInt16(at + 2 * column, (zeroPoints[index] + offset) * factor, true);
            at += zeroBytes;
            const first = block * size;
            const end = Math.min(size, depth - first);
            for (let k = 0; k < end; k++) {
                const place = column * 8 + (k & 7);
                const code = (codes[channel * depth + terms[first + k]] + offset) & mask;
                packed[at + (k >> 3) * 8 * bits + bytes[place]] |= code << shifts[place];
            }
            at += codeBytes;
            view.setFloat32(at + 4 * column, scales[index * scaleStep] / factor, true);
            at += 4 * PANEL;
        }
    }
    return packed;
}
/** Where in a step the code of a channel and a term lies: [channel][term]. */
function stepPlaces({ bits, order }) {
    const bytes = new Uint8Array(64);
    const shifts = new Uint8Array(64);
    for (let i = 0; i < 64; i++) {
        const [channel, term] = [i >> 3, i & 7];
        const [half, quad] = [channel >> 2, term >> 2];
        const [c, k] = [channel & 3, term & 3];
        const lane = { quads: 4 * c + k, pairs: 8 * (k >> 1) + 2 * c + (k & 1), terms: 4 * k + c }[order];
        bytes[i] = lane + (bits === 8 ? 32 * quad + 16 * half : bits === 4 ? 16 * quad : 0);
        shifts[i] = bits === 8 ? 0 : bits === 4 ? 4 * half : 4 * quad + 2 * half;
    }
    return { bytes, shifts };
}
/** Integer codes, unpacked. */
function codesOf(tensor) {
    if (tensor === undefined)
        return new Uint8Array(0);
    const { dtype, data, shape } = tensor;
    if (dtypes[dtype].bits < 8)
        return unpack(dtype, data, elementCount(shape));
    return data;
}
//# sourceMappingURL=pack-blocks.js.map