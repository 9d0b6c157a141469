/** Bytes of memory that every thread has for itself, the `scratch` of assembly/simd.ts. */
export const SCRATCH_BYTES = 1 << 19;
//# sourceMappingURL=context.js.map