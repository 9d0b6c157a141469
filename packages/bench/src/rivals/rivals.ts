/** The rivals of a run. How they are loaded is the platform's matter: node/ and browser/ do that. */
import type * as tfjs from "@tensorflow/tfjs-core";
import type { Onnxruntime } from "./onnxruntime.ts";

export type Tfjs = typeof tfjs;

export interface Rivals {
  /** Those that run ONNX models: onnxruntime-web, and in Node the native one too. */
  readonly onnxruntimes: readonly Onnxruntime[];
  /** TensorFlow.js on its WebAssembly backend, one thread. */
  readonly tfjs: Tfjs | undefined;
  /** Names and versions, for the record. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Options of all sessions: everything that onnxruntime can do to be fast, and warnings left out. */
export function sessionOptions(provider: "wasm" | "cpu", threads: number) {
  return {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
  } as const;
}
