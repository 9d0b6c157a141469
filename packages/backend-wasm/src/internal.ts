/** What the tests of this repository reach into. Not a part of the interface: it may change with any version. */
export type { Context } from "./context.ts";
export { createContext } from "./create-context.ts";
export { wasmDevice } from "./device.ts";
export { hasFeature } from "./features.ts";
export { kernels } from "./kernels/index.ts";
export type { BuildName } from "./module.ts";
export { type AllOptions, openWith } from "./open.ts";
