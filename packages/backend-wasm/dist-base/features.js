/** What this engine's WebAssembly can do, found out by trying. */
/** Smallest modules that use a feature: one function, one instruction of it. */
const probes = {
    /** (func (result v128) i32.const 0; i8x16.splat) */
    simd: [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11],
    /** (func (result v128) ... i32x4.relaxed_trunc_f32x4_s) */
    relaxedSimd: [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 11, 1, 9, 0, 65, 0, 253, 15, 253, 129, 2, 11],
};
export function hasFeature(feature) {
    return WebAssembly.validate(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, ...probes[feature]));
}
//# sourceMappingURL=features.js.map