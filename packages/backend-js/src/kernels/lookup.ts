/** lookup: codes to codes by a table. */
import type { KernelRow } from "@bitbudget/backend";
import { keep } from "../elements.ts";
import type { JsKernel } from "../kernel.ts";

const codes = ["uint8", "int8"] as const;

export const lookup: JsKernel<"lookup"> = {
  rows: codes.flatMap((activation) =>
    codes.map((output): KernelRow => ({ activation, output, arithmetic: "native" })),
  ),

  prepare(_, __, weights) {
    const table = keep(weights.table);
    return {
      bytes: table.byteLength,
      run([x], [y]) {
        const bytes = new Uint8Array(x!.buffer, x!.byteOffset, x!.byteLength);
        for (const [i, byte] of bytes.entries()) y![i] = table[byte]!;
      },
    };
  },
};
