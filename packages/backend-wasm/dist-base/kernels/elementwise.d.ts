export declare const elementwise: import("../kernel.ts").WasmKernel<"elementwise">;
//# sourceMappingURL=elementwise.d.ts.map