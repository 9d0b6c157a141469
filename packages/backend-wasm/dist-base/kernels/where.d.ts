export declare const where: import("../kernel.ts").WasmKernel<"where">;
//# sourceMappingURL=where.d.ts.map