import { Owned } from "./memory/owned.js";
/** A kernel file from its source: takes care of what the kernel owns. */
export function wasmKernel(source) {
    return {
        ...source,
        prepare(context, spec, weights) {
            const owned = new Owned(context.memory, context.workspace);
            try {
                const run = source.compile(context, spec, weights, owned);
                return { run, bytes: owned.bytes, dispose: () => owned.dispose() };
            }
            catch (error) {
                owned.dispose();
                throw error;
            }
        },
    };
}
//# sourceMappingURL=kernel.js.map