/** binary: one function of each pair of elements, broadcast. */
import { type BinaryFunction } from "@bitbudget/backend";
export declare const binaryCodes: {
    readonly [F in BinaryFunction]: number;
};
export declare const binary: import("../kernel.ts").WasmKernel<"binary">;
//# sourceMappingURL=binary.d.ts.map