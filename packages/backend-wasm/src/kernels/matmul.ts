/** matmul: the product of two activations. */
import type { KernelRow } from "@bitbudget/backend";
import { withHalves } from "../half.ts";
import { wasmKernel } from "../kernel.ts";
import { compileCodeMatmul } from "../matmul/codes.ts";
import { compileFloatMatmul } from "../matmul/float.ts";

const bytes = ["uint8", "int8"] as const;

const codeRows = bytes.flatMap((activation) =>
  bytes.flatMap((b) =>
    ([...bytes, "int32", "float32"] as const).map((output): KernelRow => {
      return { activation, weight: `${b} tensor`, output, arithmetic: "native" };
    }),
  ),
);

export const matmul = wasmKernel(
  withHalves<"matmul">({
    rows: [{ activation: "float32", output: "float32", arithmetic: "native" }, ...codeRows],
    compile: (context, spec, weights, owned) =>
      spec.inputs[0]?.dtype === "float32"
        ? compileFloatMatmul(context, spec, owned)
        : compileCodeMatmul(context, spec, weights, owned),
  }),
);
