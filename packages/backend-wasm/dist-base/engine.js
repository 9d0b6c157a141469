/** Name and major version of the engine: timings of different engines do not compare. */
export function engine() {
    const { navigator, process } = globalThis;
    // Node has a navigator only since version 21.
    if (process?.versions?.node !== undefined)
        return `Node.js/${process.versions.node.split(".")[0]}`;
    return navigator?.userAgent.match(/(Chrome|Firefox|Version)\/\d+/)?.[0] ?? "unknown engine";
}
//# sourceMappingURL=engine.js.map