/** What this engine's WebAssembly can do, found out by trying. */
/** Smallest modules that use a feature: one function, one instruction of it. */
declare const probes: {
    /** (func (result v128) i32.const 0; i8x16.splat) */
    simd: number[];
    /** (func (result v128) ... i32x4.relaxed_trunc_f32x4_s) */
    relaxedSimd: number[];
};
export type Feature = keyof typeof probes;
export declare function hasFeature(feature: Feature): boolean;
export {};
//# sourceMappingURL=features.d.ts.map