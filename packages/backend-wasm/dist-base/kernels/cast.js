import { dtypes } from "@bitbudget/core";
import * as code from "../codes.js";
import { floats, formatCode, fromFloat32, fromInt64, integers, packed, packedCodes, toFloat32, toInt64, unpackedFormat, } from "../elementwise/formats.js";
import { ProgramBuilder } from "../elementwise/program.js";
import { wasmKernel } from "../kernel.js";
const formats = [...floats, "float64", ...integers, ...packedCodes, "bool"];
export const cast = wasmKernel({
    rows: formats.flatMap((activation) => formats.map((output) => ({ activation, output, arithmetic: "native" }))),
    compile(context, { inputs: [x], attributes: { to } }, _, owned) {
        const { dtype: from, shape } = x;
        const program = new ProgramBuilder({ dtype: to, shape });
        convert(program, program.input(0, x), from, to);
        return program.build(context, owned);
    },
});
function convert(program, strip, from, to) {
    const toFloat = dtypes[to].kind === "float";
    if (from === to)
        program.step(code.COPY, 0, [strip], { bits: dtypes[to].bits });
    else if (from === "float64")
        fromDouble(program, strip, to);
    else if (dtypes[from].kind !== "float" && !toFloat)
        ensureStep(program, fromInt64(program, toInt64(program, strip, from), to), to);
    else if (dtypes[from].bits >= 32 && from !== "float32" && to !== "float32") {
        // Integers that float32 would round, on their way to another float. float64 rounds those of 64 bits itself.
        const odd = to === "float64" ? 0 : 1;
        const double = program.step(code.DECODE_DOUBLE, formatCode(from), [strip], { bits: 64, alpha: odd });
        if (to !== "float64")
            fromDouble(program, double, to);
    }
    else
        ensureStep(program, fromFloat32(program, toFloat32(program, strip, from), to), to);
}
function fromDouble(program, strip, to) {
    const { bits } = dtypes[to];
    const format = formatCode(unpackedFormat(to));
    const wide = program.step(code.ENCODE_DOUBLE, format, [strip], { bits: Math.max(8, bits) });
    packed(program, wide, to);
}
/** Between formats that are the same bits there is nothing to do but to copy them. */
function ensureStep(program, strip, to) {
    if (strip.role !== "step")
        program.step(code.COPY, 0, [strip], { bits: dtypes[to].bits });
}
//# sourceMappingURL=cast.js.map