/** binary: one function of each pair of elements, broadcast. */
import { definitionOf } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import * as code from "../codes.js";
import { floats, fromFloat32, fromInt64, integers, toFloat32, toInt64 } from "../elementwise/formats.js";
import { ProgramBuilder } from "../elementwise/program.js";
import { wasmKernel } from "../kernel.js";
export const binaryCodes = {
    add: code.ADD,
    sub: code.SUB,
    mul: code.MUL,
    div: code.DIV,
    pow: code.POW,
    min: code.MIN,
    max: code.MAX,
    mod: code.MOD,
    fmod: code.FMOD,
    prelu: code.PRELU,
    equal: code.EQUAL,
    less: code.LESS,
    lessOrEqual: code.LESS_OR_EQUAL,
    // With the operands exchanged.
    greater: code.LESS,
    greaterOrEqual: code.LESS_OR_EQUAL,
    and: code.AND,
    or: code.OR,
    xor: code.XOR,
    bitwiseAnd: code.AND,
    bitwiseOr: code.OR,
    bitwiseXor: code.XOR,
    shiftLeft: code.SHIFT_LEFT,
    shiftRight: code.SHIFT_RIGHT,
};
export const binary = wasmKernel({
    rows: [...floats, ...integers]
        .flatMap((dtype) => [
        { activation: dtype, output: dtype, arithmetic: "native" },
        { activation: dtype, output: "bool", arithmetic: "native" },
    ])
        .concat({ activation: "bool", output: "bool", arithmetic: "native" }),
    compile(context, spec, _, owned) {
        const { function: name } = spec.attributes;
        const output = definitionOf(spec).outputs(spec)[0];
        const program = new ProgramBuilder(output);
        const { dtype } = spec.inputs[0];
        const { kind, bits } = dtypes[dtype];
        const given = spec.inputs.map((type, i) => program.input(i, type));
        const operands = name.startsWith("greater") ? given.reverse() : given;
        if (kind === "float") {
            const strips = operands.map((strip) => toFloat32(program, strip, dtype));
            fromFloat32(program, program.step(code.BINARY, binaryCodes[name], strips), output.dtype);
        }
        else {
            const strips = operands.map((strip) => toInt64(program, strip, dtype));
            const step = dtype === "uint64" ? code.BINARY_UNSIGNED : code.BINARY_SIGNED;
            const result = program.step(step, binaryCodes[name], strips, { bits: 64, alpha: bits });
            fromInt64(program, result, output.dtype);
        }
        return program.build(context, owned);
    },
});
//# sourceMappingURL=binary.js.map