/** What linear and conv2d compute on this backend. */
import { conv2dDepth } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { SCRATCH_BYTES } from "../context.js";
import { functionCode } from "../functions.js";
export const floatRows = ["float32", "float16", "bfloat16"].map((weight) => ({ activation: "float32", weight, output: "float32", arithmetic: "native" }));
const bytes = ["uint8", "int8"];
const codes = [...bytes, "int4", "uint4", "int2", "uint2"];
/** Weights that become floats as they are used: they have fewer bits, not another arithmetic. */
export const decodedRows = codes.flatMap((dtype) => ["tensor", "channel", "block"].map((by) => ({
    activation: "float32",
    weight: `${dtype} ${by}`,
    output: "float32",
    arithmetic: "decoded",
})));
/** Codes with one scale for a channel or for all, summed in int32. */
function codeRows(activations, outputs) {
    return activations.flatMap((activation) => codes.flatMap((weight) => ["tensor", "channel"].flatMap((granularity) => outputs.map((output) => {
        return { activation, weight: `${weight} ${granularity}`, output, arithmetic: "native" };
    }))));
}
/** Activations that are codes: the sums, codes of another scale, or floats. */
export const staticRows = codeRows(bytes, [...bytes, "int32", "float32"]);
/** Activations that are floats, quantized by the kernel. */
export function dynamicRows(formats) {
    return codeRows(formats.map((dtype) => `dynamic ${dtype}`), ["float32"]);
}
/** Activations quantized by row or block, times codes in blocks. */
export const blockRows = codes.map((dtype) => ({
    activation: "dynamic int8",
    weight: `${dtype} block`,
    output: "float32",
    arithmetic: "native",
}));
/** Elements of a window that fit into a thread's scratch beside everything else. */
const WINDOW_LIMIT = SCRATCH_BYTES / 4 - 8192;
export function refuseWeighted(spec) {
    const { activation, output, dynamic } = spec.attributes;
    if (spec.op === "conv2d" && conv2dDepth(spec) > WINDOW_LIMIT)
        return `windows of ${conv2dDepth(spec)} elements, more than ${WINDOW_LIMIT}`;
    // A row says what dynamic activations become, not which floats they are before.
    const [x] = spec.inputs;
    if (dynamic !== undefined && x?.dtype !== "float32")
        return `no ${x?.dtype} activations`;
    if (dtypes[output].kind === "float" && functionCode(activation) === undefined)
        return `no fused ${activation?.fn}`;
    return undefined;
}
//# sourceMappingURL=rows.js.map