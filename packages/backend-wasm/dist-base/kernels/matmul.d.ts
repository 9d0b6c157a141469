export declare const matmul: import("../kernel.ts").WasmKernel<"matmul">;
//# sourceMappingURL=matmul.d.ts.map