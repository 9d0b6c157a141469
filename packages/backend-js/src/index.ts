/** The executable specification: every op of the contract in obvious loops, in plain JavaScript. */
import { type Backend, createBackend } from "@bitbudget/backend";
import { hostDevice } from "./device.ts";
import type { JsKernel, JsKernels } from "./kernel.ts";
import { kernels } from "./kernels/index.ts";

/** Opens the JavaScript backend. It needs nothing but the engine it runs in. */
export async function open(): Promise<Backend> {
  return createBackend({ name: "js", device: hostDevice(), context: undefined, kernels });
}

/** What `open` is made of, for backends that put other kernels in the place of some. */
export { hostDevice, type JsKernel, type JsKernels, kernels };
