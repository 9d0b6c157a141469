/** Threads as the platform has them: workers of browsers, or those of Node. */
const { navigator, process } = globalThis;
/** Node's module without an import, which browsers would fail to load. Node has it this way since 20.16. */
const nodeThreads = process?.versions?.node === undefined ? undefined : process.getBuiltinModule?.("node:worker_threads");
/** Whether this thread can start others. */
export function canStartThreads() {
    return nodeThreads !== undefined || typeof Worker === "function";
}
/** Whether memory can be shared with workers: not in pages that are not cross-origin isolated. */
export function canShareMemory() {
    const { crossOriginIsolated } = globalThis;
    return typeof SharedArrayBuffer === "function" && crossOriginIsolated !== false;
}
/** Whether this thread may sleep until another wakes it: not the main thread of a page. */
export function canBlock() {
    try {
        // The value is another one, so that it does not in fact sleep.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
        return true;
    }
    catch {
        return false;
    }
}
/** Threads that run at the same time. */
export function concurrency() {
    if (nodeThreads !== undefined)
        return process?.getBuiltinModule?.("node:os").availableParallelism() ?? 1;
    return navigator?.hardwareConcurrency ?? 1;
}
/** Starts a thread that runs worker.ts. */
export function startThread(listener) {
    return nodeThreads === undefined ? startWorker(listener) : startNodeThread(nodeThreads, listener);
}
function startWorker(listener) {
    // In this form, bundlers see that there is a script to bundle.
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => listener.message(data));
    worker.addEventListener("error", (event) => {
        event.preventDefault();
        listener.failure(event.message ?? "its script could not be loaded");
    });
    return {
        post: (message) => worker.postMessage(message),
        release() { },
        end() {
            worker.terminate();
            return undefined;
        },
    };
}
function startNodeThread({ Worker }, listener) {
    const script = "./worker.js";
    // What the process was started with (loaders, inspectors) is not for this thread.
    const worker = new Worker(new URL(script, import.meta.url), { execArgv: [] });
    worker.on("message", (message) => listener.message(message));
    worker.on("error", (error) => listener.failure(error));
    worker.on("exit", (code) => listener.failure(new Error(`it has ended with code ${code}`)));
    return {
        post: (message) => worker.postMessage(message),
        release: () => worker.unref(),
        end: () => worker.terminate(),
    };
}
/** The other side, for worker.ts: what `post` sends first. */
export function onFirstMessage(listener) {
    if (nodeThreads?.parentPort)
        nodeThreads.parentPort.once("message", listener);
    else
        globalThis.addEventListener("message", ({ data }) => listener(data), { once: true });
}
/** The other side, for worker.ts: sends a message to the listener. */
export function postToParent(message) {
    if (nodeThreads?.parentPort)
        nodeThreads.parentPort.postMessage(message);
    else
        globalThis.postMessage(message);
}
//# sourceMappingURL=platform.js.map