export declare const dequantize: import("../kernel.ts").WasmKernel<"dequantize">;
//# sourceMappingURL=dequantize.d.ts.map