export declare const softmax: import("../kernel.ts").WasmKernel<"softmax">;
//# sourceMappingURL=softmax.d.ts.map