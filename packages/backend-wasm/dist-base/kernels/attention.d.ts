export declare const attention: import("../kernel.ts").WasmKernel<"attention">;
//# sourceMappingURL=attention.d.ts.map