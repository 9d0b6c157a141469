export declare const layerNorm: import("../kernel.ts").WasmKernel<"layerNorm">;
export declare const batchNorm: import("../kernel.ts").WasmKernel<"batchNorm">;
//# sourceMappingURL=normalization.d.ts.map