export type BuildName = "simd" | "relaxed";
/** The best build that the engine runs. @throws Error where it has no SIMD: backend-js runs everywhere */
export declare function bestBuild(): BuildName;
/** Compiles a build for an own memory or a shared one. */
export declare function compileBuild(name: BuildName, shared: boolean): Promise<WebAssembly.Module>;
/**
 * Turns the import of a memory with a maximum (limits flag 1) into one of a shared memory (flag 3), in place. Kernels
 * have no atomic instructions, so that is all the difference between the two.
 * WebAssembly core specification, section 5.5.5 (imports) and 5.3.7 (limits); threads proposal for the flag.
 */
export declare function shareMemoryImport(bytes: Uint8Array): void;
//# sourceMappingURL=module.d.ts.map