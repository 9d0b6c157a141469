/** Loads the rivals in Node: onnxruntime-web and tfjs in WebAssembly, and native onnxruntime as the ceiling. */
import { type Rivals, sessionOptions } from "../rivals/rivals.ts";

export async function nodeRivals(threads: number): Promise<Rivals> {
  const [web, native] = [await import("onnxruntime-web"), await import("onnxruntime-node")];
  const [tfjs, { version_wasm }] = [
    await import("@tensorflow/tfjs-core"),
    await import("@tensorflow/tfjs-backend-wasm"),
  ];
  // The pool is made with the first session of the process, and stays as it is.
  web.env.wasm.numThreads = threads;
  // In Node it always has one thread; SIMD it finds by itself.
  await tfjs.setBackend("wasm");
  await tfjs.ready();
  return {
    onnxruntimes: [
      { name: "ort-web", ort: web, options: sessionOptions("wasm", threads) },
      { name: "ort-node", ort: native, options: sessionOptions("cpu", threads) },
    ],
    tfjs,
    versions: {
      "ort-web": `onnxruntime-web ${web.env.versions.web ?? ""}, wasm`,
      "ort-node": `onnxruntime-node ${native.env.versions.node ?? ""}, native`,
      "tfjs-wasm": `tfjs-backend-wasm ${version_wasm}, one thread`,
    },
  };
}
