export declare const lookup: import("../kernel.ts").WasmKernel<"lookup">;
//# sourceMappingURL=lookup.d.ts.map