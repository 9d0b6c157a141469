export declare const reduce: import("../kernel.ts").WasmKernel<"reduce">;
//# sourceMappingURL=reduce.d.ts.map