/** What becomes of int32 sums of codes: the fields of Finish (assembly/finish.ts). */
import { weightedArithmetic } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { functionCode } from "../functions.js";
import { packChannels } from "./product.js";
import { requantization } from "./requantization.js";
import { numbers, spread } from "./weights.js";
/** Address of the fields. */
export function storeFinish(spec, weights, product, owned) {
    const { output, bias, activation } = spec.attributes;
    const channels = product.groups * product.channels;
    const store = (values) => owned.store(packChannels(Float32Array.from(values), product));
    if (output === "int32")
        return owned.store(finishFields({ kind: 0 }));
    if (dtypes[output].kind === "integer") {
        const { multipliers, ...range } = requantization(spec, weights, channels);
        return owned.store(finishFields({ kind: 1, scales: store(multipliers), ...range }));
    }
    const [inputScale = 1] = numbers(weights.inputScale);
    const scales = spread(weights.scale, 1, channels);
    const isStatic = weightedArithmetic(spec) === "static";
    return owned.store(finishFields({
        kind: 2,
        scales: store(isStatic ? scales.map((scale) => Math.fround(inputScale * scale)) : scales),
        bias: store(spread(bias === "float32" ? weights.bias : undefined, 0, channels)),
        ...functionCode(activation),
    }));
}
export function finishFields({ kind, scales = 0, bias = 0, low = 0, high = 0, zeroPoint = 0, signed = 0, fn = 0, alpha = 0, beta = 0, }) {
    return Int32Array.of(...[kind, scales, bias, bits(low), bits(high), zeroPoint, signed], ...[fn, bits(alpha), bits(beta)]);
}
/** The bits of a float32. */
function bits(x) {
    return new Int32Array(Float32Array.of(x).buffer)[0];
}
//# sourceMappingURL=finish.js.map