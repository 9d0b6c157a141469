/** Other runtimes that a quantized model is verified on: our interpreter, and onnxruntime where it is installed. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Backend } from "@bitbudget/backend";
import { open as openJs } from "@bitbudget/backend-js";
import {
  type OrtModule,
  onnxruntimeRunner,
  type RunnerFactory,
  sessionRunner,
  type Target,
} from "@bitbudget/quantize";
import type { Context } from "./command.ts";
import { isRecord } from "./config.ts";
import { CliError } from "./errors.ts";

/** "wasm" is what all are compared with, and always there. */
export const runnerNames = ["wasm", "js", "ort-web", "ort-node"] as const;

/** What shows that a file runs where it is meant to; in Node there is no WebGPU. */
const runnerOf: Readonly<Record<Target, string | undefined>> = {
  wasm: "wasm",
  js: "js",
  webgpu: undefined,
  "ort-wasm": "ort-web",
  "ort-webgpu": undefined,
  "ort-node": "ort-node",
};

export class Runners implements AsyncDisposable {
  readonly factories: Record<string, RunnerFactory> = {};
  readonly #backends: Backend[] = [];

  /**
   * @param names undefined for that of the target, where it is installed
   * @throws CliError for one that is asked for and not installed
   */
  static async open(
    context: Context,
    names: readonly string[] | undefined,
    target: Target,
  ): Promise<Runners> {
    const runners = new Runners();
    const own = runnerOf[target];
    if (names === undefined && own === undefined)
      context.terminal.warn(
        `${target} is not there in Node: the file is verified on WebAssembly; try it in a browser, too`,
      );
    for (const name of new Set(names ?? (own === undefined ? [] : [own]))) {
      try {
        await runners.#add(name);
      } catch (error) {
        if (names !== undefined || !(error instanceof CliError)) throw error;
        context.terminal.warn(`not verified on ${name}: ${error.message}`);
      }
    }
    return runners;
  }

  async #add(name: string): Promise<void> {
    if (name === "js") {
      const backend = await openJs();
      this.#backends.push(backend);
      this.factories[name] = (model) => sessionRunner(model, { backend });
    }
    const provider = { "ort-web": "wasm", "ort-node": "cpu" }[name];
    if (provider === undefined) return;
    const ort = await onnxruntime(name === "ort-web" ? "onnxruntime-web" : "onnxruntime-node");
    const options = { executionProviders: [provider], logSeverityLevel: 4 };
    this.factories[name] = (model) => onnxruntimeRunner(ort, model, { name, options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const backend of this.#backends) await backend.dispose();
  }
}

/** Beside this package or in the folder where the command was given. */
async function onnxruntime(name: "onnxruntime-web" | "onnxruntime-node"): Promise<OrtModule> {
  const places = [
    () => name,
    () => pathToFileURL(createRequire(join(process.cwd(), "_.js")).resolve(name)).href,
  ];
  for (const place of places) {
    try {
      const loaded: unknown = await import(place());
      if (isOrt(loaded)) return loaded;
      if (isRecord(loaded) && isOrt(loaded.default)) return loaded.default;
    } catch (error) {
      if (isMissing(error)) continue;
      throw new CliError(`${name} does not start: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new CliError(`${name} is not installed; npm install ${name}@1.30.0, or choose others with --verify`);
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "ERR_MODULE_NOT_FOUND" || error.code === "MODULE_NOT_FOUND")
  );
}

function isOrt(module: unknown): module is OrtModule {
  return typeof module === "object" && module !== null && "InferenceSession" in module && "Tensor" in module;
}
