/**
 * What a thread says to the one that started it. Apart from start.ts, for the script of a worker must not itself refer to
 * the script of a worker: bundlers do not get to the end of that.
 */
import { nodeThreads } from "./node.ts";

/** Hears what `post` of start.ts sends first. */
export function onFirstMessage(listener: (message: unknown) => void): void {
  if (nodeThreads?.parentPort) nodeThreads.parentPort.once("message", listener);
  else globalThis.addEventListener("message", ({ data }) => listener(data), { once: true });
}

/** Sends a message to the listener of start.ts. */
export function postToParent(message: unknown): void {
  if (nodeThreads?.parentPort) nodeThreads.parentPort.postMessage(message);
  else globalThis.postMessage(message);
}
