/** float32 matmul. */
import type { KernelSpec } from "@bitbudget/backend";
import type { Context } from "../context.ts";
import type { Run } from "../kernel.ts";
import type { Owned } from "../memory/owned.ts";
export declare function compileFloatMatmul(context: Context, spec: KernelSpec<"matmul">, owned: Owned): Run;
//# sourceMappingURL=float.d.ts.map