export declare const pool2d: import("../kernel.ts").WasmKernel<"pool2d">;
//# sourceMappingURL=pool2d.d.ts.map