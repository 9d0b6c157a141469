/** matmul of 8-bit codes: the second operand is packed as weights are, whenever the kernel runs. */
import { type KernelSpec, type Weights } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
export declare function compileCodeMatmul(context: Context, spec: KernelSpec<"matmul">, weights: Weights<"matmul">, owned: Owned): Run;
//# sourceMappingURL=codes.d.ts.map