export declare const unary: import("../kernel.ts").WasmKernel<"unary">;
//# sourceMappingURL=unary.d.ts.map