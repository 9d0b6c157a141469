export function instantiate(module, memory) {
    // Its exports are what src/gen/kernels.ts says: both come out of one compilation.
    return new WebAssembly.Instance(module, { env: { memory } }).exports;
}
//# sourceMappingURL=instantiate.js.map