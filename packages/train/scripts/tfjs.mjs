/**
 * TensorFlow.js with its gradients. Its package has them in files for bundlers alone, whose imports leave out ".js": they
 * are resolved here, and every import of the core is of those files.
 */
import { createRequire, registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    if (/^@tensorflow\/tfjs-(core|backend-cpu)$/.test(specifier))
      return next(`${specifier}/dist/index.js`, context);
    const isInside = specifier.startsWith(".") && context.parentURL?.includes("/@tensorflow/");
    if (isInside && !/\.m?js$/.test(specifier)) return next(`${specifier}.js`, context);
    return next(specifier, context);
  },
});

// The files for bundlers take `require` for granted in Node.
globalThis.require = createRequire(import.meta.url);

export const tf = await import("@tensorflow/tfjs-core");
await import("@tensorflow/tfjs-core/dist/register_all_gradients.js");
await import("@tensorflow/tfjs-backend-cpu");
await tf.setBackend("cpu");
