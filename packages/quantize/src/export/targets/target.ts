/** The runtimes that a model is written for. */

/**
 * "js", "wasm" and "webgpu" are this project's runtime on those backends; "ort-wasm" and "ort-webgpu" are onnxruntime-web
 * with these execution providers, "ort-node" is onnxruntime-node on the CPU: all of version 1.30.
 */
export type Target = "js" | "wasm" | "webgpu" | "ort-wasm" | "ort-webgpu" | "ort-node";

export const targets: readonly Target[] = ["js", "wasm", "webgpu", "ort-wasm", "ort-webgpu", "ort-node"];

export const ours: readonly Target[] = ["js", "wasm", "webgpu"];
export const ortCpu: readonly Target[] = ["ort-wasm", "ort-node"];
export const ort: readonly Target[] = ["ort-wasm", "ort-node", "ort-webgpu"];

export function isOrt(target: Target): boolean {
  return ort.includes(target);
}
