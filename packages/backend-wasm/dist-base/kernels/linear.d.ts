export declare const linear: import("../kernel.ts").WasmKernel<"linear">;
//# sourceMappingURL=linear.d.ts.map