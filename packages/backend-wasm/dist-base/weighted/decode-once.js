/** Weights decoded as a whole when a kernel is prepared, for convolutions to which packed ones are of no use. */
import { blockCount, weightedArithmetic, } from "@bitbudget/backend";
import { float32Weight, numbers } from "./weights.js";
/** Whether weights become float32 before they are multiplied. */
export function isDecoded(spec) {
    const arithmetic = weightedArithmetic(spec);
    return (arithmetic === "weight-only" || (arithmetic === "float" && spec.attributes.weight.dtype !== "float32"));
}
/**
 * Whether a convolution takes packed weights. Not where each channel has a few of its own, and not where terms are summed
 * in another order than that of the weights, so that blocks are no runs of terms.
 */
export function takesPacked(spec, { groupChannels, order }) {
    if (groupChannels === 1)
        return false;
    return spec.attributes.weight.granularity?.kind !== "block" || order(1) === 1;
}
/** The same convolution with its weights in float32. */
export function decodeOnce(spec, weights, { depth }) {
    const { scale: _, zeroPoint: __, ...others } = weights;
    const weight = {
        dtype: "float32",
        shape: weights.weight.shape,
        data: decoded(spec, weights, depth),
    };
    return {
        spec: { ...spec, attributes: { ...spec.attributes, weight: { dtype: "float32" } } },
        weights: { ...others, weight },
    };
}
function decoded({ attributes }, weights, depth) {
    const { channels, weight } = attributes;
    const { granularity } = weight;
    const values = float32Weight(weights.weight);
    if (granularity === undefined)
        return values;
    const size = granularity.kind === "block" ? granularity.size : Math.max(depth, 1);
    const blocks = blockCount(depth, size);
    const scales = numbers(weights.scale);
    const zeroPoints = numbers(weights.zeroPoint);
    return values.map((code, i) => {
        const channel = Math.floor(i / depth);
        const block = channel * blocks + Math.floor((i - channel * depth) / size);
        const of = (numbers) => numbers[numbers.length === channels * blocks ? block : 0] ?? 0;
        return (code - of(zeroPoints)) * of(scales);
    });
}
//# sourceMappingURL=decode-once.js.map