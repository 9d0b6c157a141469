/** From int32 sums to 8-bit codes: what the kernels of static arithmetic need to know (docs/numerics.md). */
import { clampCodes, multiplier, quantizeNumber } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { numbers } from "./weights.js";
export function requantization({ attributes }, weights, channels) {
    const [inputScale = 1] = numbers(weights.inputScale);
    const [outputScale = 1] = numbers(weights.outputScale);
    const [zeroPoint = 0] = numbers(weights.outputZeroPoint);
    const scales = numbers(weights.scale);
    const { min, max } = clampCodes(attributes.activation, (x) => quantizeNumber(x, outputScale, zeroPoint, dtypes[attributes.output]));
    return {
        multipliers: Float32Array.from({ length: channels }, (_, i) => finiteMultiplier(multiplier(inputScale, scales[scales.length === 1 ? 0 : i], outputScale))),
        low: min - zeroPoint,
        high: max - zeroPoint,
        zeroPoint,
        signed: attributes.output === "int8" ? 1 : 0,
    };
}
/**
 * A multiplier with the same codes that makes no NaN: NaN itself gives the zero point, as 0 does; an infinite one
 * saturates every sum but 0, as the largest number does.
 */
export function finiteMultiplier(multiplier) {
    if (Number.isNaN(multiplier))
        return 0;
    const largest = 3.4028234663852886e38;
    return Math.max(-largest, Math.min(multiplier, largest));
}
//# sourceMappingURL=requantization.js.map