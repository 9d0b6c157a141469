export declare const cast: import("../kernel.ts").WasmKernel<"cast">;
//# sourceMappingURL=cast.d.ts.map