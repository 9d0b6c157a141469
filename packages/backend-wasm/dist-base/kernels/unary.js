/** unary: one function of each element. Those of integers are made of functions of two: the other is a constant. */
import { definitionOf } from "@bitbudget/backend";
import { dtypes, encode } from "@bitbudget/core";
import * as code from "../codes.js";
import { floats, fromFloat32, fromInt64, integers, toFloat32, toInt64 } from "../elementwise/formats.js";
import { ProgramBuilder } from "../elementwise/program.js";
import { functionCode } from "../functions.js";
import { wasmKernel } from "../kernel.js";
export const unary = wasmKernel({
    rows: [
        ...[...floats, ...integers, "bool"].map((dtype) => ({ activation: dtype, output: dtype, arithmetic: "native" })),
        ...floats.map((dtype) => ({ activation: dtype, output: "bool", arithmetic: "native" })),
    ],
    refuse({ inputs: [x], attributes: { function: value } }) {
        if (!isFloat(x.dtype) || functionCode(value) !== undefined)
            return undefined;
        return `no ${value.fn} with these parameters`;
    },
    compile(context, spec, _, owned) {
        const x = spec.inputs[0];
        const { function: value } = spec.attributes;
        const output = definitionOf(spec).outputs(spec)[0];
        const program = new ProgramBuilder(output);
        const strip = program.input(0, x);
        if (value.fn === "identity")
            program.step(code.COPY, 0, [strip], { bits: dtypes[x.dtype].bits });
        else if (isFloat(x.dtype)) {
            const { fn, alpha, beta } = functionCode(value);
            const y = program.step(code.UNARY, fn, [toFloat32(program, strip, x.dtype)], { alpha, beta });
            fromFloat32(program, y, output.dtype);
        }
        else
            ofIntegers(program, value, strip, x.dtype);
        return program.build(context, owned);
    },
});
function isFloat(dtype) {
    return dtypes[dtype].kind === "float";
}
function ofIntegers(program, value, strip, dtype) {
    const signed = dtypes[dtype].min < 0;
    const kind = dtype === "uint64" ? code.BINARY_UNSIGNED : code.BINARY_SIGNED;
    const options = { bits: 64, alpha: dtypes[dtype].bits };
    const x = toInt64(program, strip, dtype);
    const both = (fn, a, b) => program.step(kind, fn, [a, b], options);
    const constant = (number) => program.int64(number);
    const result = () => {
        switch (value.fn) {
            case "neg":
                return both(code.SUB, constant(0n), x);
            case "abs":
                return signed ? both(code.MAX, x, both(code.SUB, constant(0n), x)) : both(code.ADD, x, constant(0n));
            case "sign": {
                const atMost1 = both(code.MIN, x, constant(1n));
                return signed ? both(code.MAX, atMost1, constant(-1n)) : atMost1;
            }
            case "relu":
                return both(code.MAX, x, constant(0n));
            case "clip": {
                const low = constant(BigInt(encode(dtype, value.min ?? Number.NEGATIVE_INFINITY)));
                const high = constant(BigInt(encode(dtype, value.max ?? Number.POSITIVE_INFINITY)));
                return both(code.MIN, both(code.MAX, x, low), high);
            }
            // Of bools: all bits but the lowest are 0.
            case "not":
                return both(code.XOR, x, constant(1n));
            default:
                return both(code.XOR, x, constant(-1n));
        }
    };
    fromInt64(program, result(), dtype);
}
//# sourceMappingURL=unary.js.map