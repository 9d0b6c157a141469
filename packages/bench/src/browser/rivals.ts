/** Loads the rivals in a page. TensorFlow.js is there as a script before this runs, because it has no modules without a bundler. */
import { type Rivals, sessionOptions, type Tfjs } from "../rivals/rivals.ts";

interface TfjsScripts extends Tfjs {
  readonly wasm: typeof import("@tensorflow/tfjs-backend-wasm");
}

declare global {
  var tf: TfjsScripts | undefined;
  /** Folder of its wasm files. */
  var tfWasmPath: string;
}

export async function browserRivals(threads: number): Promise<Rivals> {
  const web = await import("onnxruntime-web/wasm");
  web.env.wasm.numThreads = threads;
  const { tf } = globalThis;
  if (tf !== undefined) {
    tf.wasm.setWasmPaths(tfWasmPath);
    tf.wasm.setThreadsCount(threads);
    await tf.setBackend("wasm");
    await tf.ready();
  }
  return {
    onnxruntimes: [{ name: "ort-web", ort: web, options: sessionOptions("wasm", threads) }],
    tfjs: tf,
    versions: {
      "ort-web": `onnxruntime-web ${web.env.versions.web ?? ""}, wasm`,
      ...(tf !== undefined && { "tfjs-wasm": `tfjs-backend-wasm ${tf.wasm.version_wasm}` }),
    },
  };
}
