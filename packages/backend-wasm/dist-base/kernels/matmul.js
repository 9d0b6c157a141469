import { wasmKernel } from "../kernel.js";
import { compileCodeMatmul } from "../matmul/codes.js";
import { compileFloatMatmul } from "../matmul/float.js";
const bytes = ["uint8", "int8"];
const codeRows = bytes.flatMap((activation) => bytes.flatMap((b) => [...bytes, "int32", "float32"].map((output) => {
    return { activation, weight: `${b} tensor`, output, arithmetic: "native" };
})));
export const matmul = wasmKernel({
    rows: [{ activation: "float32", output: "float32", arithmetic: "native" }, ...codeRows],
    compile: (context, spec, weights, owned) => spec.inputs[0]?.dtype === "float32"
        ? compileFloatMatmul(context, spec, owned)
        : compileCodeMatmul(context, spec, weights, owned),
});
//# sourceMappingURL=matmul.js.map