/**
 * The gradients of TensorFlow.js in Node. Its build for Node leaves them out, and the modules that register them are
 * written for bundlers: they import each other without file endings.
 */
import { registerHooks } from "node:module";

/** Registers all gradients. The engine is one for the process, however many copies of the library are loaded. */
export async function registerTfjsGradients(): Promise<void> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const inside = context.parentURL?.includes("/tfjs-core/dist/") && specifier.startsWith(".");
      if (!inside || specifier.endsWith(".js")) return next(specifier, context);
      return { ...next(`${specifier}.js`, context), format: "module" };
    },
  });
  try {
    await import("@tensorflow/tfjs-core/dist/register_all_gradients.js");
  } finally {
    hooks.deregister();
  }
}
