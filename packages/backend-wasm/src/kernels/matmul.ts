/** matmul: the product of two activations. */
import { wasmKernel } from "../kernel.ts";
import { compileFloatMatmul } from "../matmul/float.ts";

export const matmul = wasmKernel<"matmul">({
  rows: [{ activation: "float32", output: "float32", arithmetic: "native" }],
  compile: (context, spec, _weights, owned) => compileFloatMatmul(context, spec, owned),
});
