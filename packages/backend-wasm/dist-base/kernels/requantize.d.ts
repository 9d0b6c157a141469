export declare const requantize: import("../kernel.ts").WasmKernel<"requantize">;
//# sourceMappingURL=requantize.d.ts.map