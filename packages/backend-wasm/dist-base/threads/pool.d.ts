/** The threads of a backend: starting them, knowing when all are up, noticing when one fails, ending them. */
import { ThreadError } from "./error.ts";
/** What a thread needs to begin. */
export interface Beginning {
    readonly module: WebAssembly.Module;
    readonly memory: WebAssembly.Memory;
    /** Address of the control block (layout.ts). */
    readonly control: number;
    /** Addresses of scratch memory, by index. */
    readonly scratch: readonly number[];
}
/** What a thread tells. */
export type Report = {
    readonly up: number;
} | {
    readonly progress: true;
} | {
    readonly error: unknown;
};
export interface PoolEvents {
    /** The conductor has done what was wanted. */
    progress?(): void;
    failure?(error: ThreadError): void;
}
export declare class Pool {
    #private;
    /** Resolves when all threads are up, rejects with a ThreadError when one fails before. */
    readonly ready: Promise<void>;
    /** Why the pool does not work, if so. */
    failure: ThreadError | undefined;
    /** Starts `count` threads, which wait for `begin`. @throws ThreadError where the platform refuses */
    constructor(count: number);
    get isReady(): boolean;
    begin(beginning: Beginning, events: PoolEvents): void;
    close(): Promise<void>;
}
//# sourceMappingURL=pool.d.ts.map