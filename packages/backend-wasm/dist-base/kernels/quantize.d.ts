export declare const quantize: import("../kernel.ts").WasmKernel<"quantize">;
//# sourceMappingURL=quantize.d.ts.map