/** Lets timers, signals, input and painting have their turn: backends may compute without ever leaving the microtasks. */

/** Resolves in a task of its own. setTimeout would do so, too, but takes milliseconds. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
