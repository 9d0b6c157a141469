export declare const conv2d: import("../kernel.ts").WasmKernel<"conv2d">;
//# sourceMappingURL=conv2d.d.ts.map