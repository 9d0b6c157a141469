/** Name and major version of the engine: timings of different engines do not compare. */
export function engine(): string {
  const { navigator, process }: { readonly navigator?: Navigator; readonly process?: NodeProcess } =
    globalThis;
  // Node has a navigator only since version 21.
  if (process?.versions?.node !== undefined) return `Node.js/${process.versions.node.split(".")[0]}`;
  return navigator?.userAgent.match(/(Chrome|Firefox|Version)\/\d+/)?.[0] ?? "unknown engine";
}

/** The part of Node's `process` that is looked at; in browsers there is none. */
interface NodeProcess {
  readonly versions?: { readonly node?: string };
}
