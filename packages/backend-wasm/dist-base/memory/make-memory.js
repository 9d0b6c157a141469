/** A WebAssembly.Memory that can grow as far as the engine lets it. */
import { PAGE } from "./linear-memory.js";
/** Enough for a thread and a small model. */
const INITIAL_PAGES = 16;
/**
 * A memory that can grow to `maxBytes`. Engines reserve the addresses of a shared memory, and some refuse 4 GiB of them:
 * then it can grow to a half, a quarter, and so on. @throws RangeError where they give none
 */
export function makeMemory(maxBytes, shared) {
    let maximum = Math.floor(maxBytes / PAGE);
    const initial = Math.min(INITIAL_PAGES, maximum);
    for (;;)
        try {
            return new WebAssembly.Memory({ initial, maximum, shared });
        }
        catch (error) {
            if (maximum <= initial)
                throw error;
            maximum = Math.max(initial, Math.floor(maximum / 2));
        }
}
//# sourceMappingURL=make-memory.js.map