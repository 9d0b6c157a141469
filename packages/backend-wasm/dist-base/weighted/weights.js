/** Weights of a spec as numbers to pack. */
import { decodeArray, elementCount } from "@bitbudget/core";
/** The numbers of a tensor in float32: its own memory where that holds them. */
export function float32Weight(weight) {
    if (weight === undefined)
        return new Float32Array(0);
    if (weight.data instanceof Float32Array)
        return weight.data;
    return Float32Array.from(decodeArray(weight.dtype, weight.data, elementCount(weight.shape)));
}
/** The numbers of a tensor, of any format. Absent weights have none. */
export function numbers(weight) {
    if (weight === undefined)
        return new Float64Array(0);
    return Float64Array.from(decodeArray(weight.dtype, weight.data, elementCount(weight.shape)));
}
/** A number for each of `length` channels from a weight that has one for each, one for all, or is absent. */
export function spread(weight, absent, length) {
    const given = numbers(weight);
    return given.length === length ? given : new Float64Array(length).fill(given[0] ?? absent);
}
//# sourceMappingURL=weights.js.map