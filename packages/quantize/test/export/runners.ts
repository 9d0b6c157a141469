/** Runs models on the runtimes that they are exported for, in Node. */
import type { Backend } from "@bitbudget/backend";
import { open as openJs } from "@bitbudget/backend-js";
import { open as openWasm } from "@bitbudget/backend-wasm";
import { allocateStorage, elementCount, type HostTensor, isDType, valuesOf } from "@bitbudget/core";
import { type ModelProto, writeModel } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import * as native from "onnxruntime-node";
import * as web from "onnxruntime-web";

export type Feeds = Readonly<Record<string, HostTensor>>;
export type Runner = (model: ModelProto, feeds: Feeds) => Promise<Record<string, number[]>>;

web.env.wasm.numThreads = 1;

/** What both packages have in common. */
interface Ort {
  readonly InferenceSession: typeof web.InferenceSession;
  readonly Tensor: typeof web.Tensor;
}

function onnxruntime(ort: Ort, provider: string): Runner {
  return async (model, feeds) => {
    const session = await ort.InferenceSession.create(writeModel(model), {
      executionProviders: [provider],
      intraOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    const given = Object.entries(feeds).map(([name, { dtype, shape, data }]) => {
      if (dtype === "float32" && data instanceof Float32Array)
        return [name, new ort.Tensor("float32", data, shape)];
      if (dtype === "int64" && data instanceof BigInt64Array)
        return [name, new ort.Tensor("int64", data, shape)];
      if (dtype === "bool" && data instanceof Uint8Array) return [name, new ort.Tensor("bool", data, shape)];
      throw new Error(`feeding ${dtype} is not written`);
    });
    const results = await session.run(Object.fromEntries(given));
    await session.release();
    return Object.fromEntries(
      Object.entries(results).map(([name, { type, dims, data }]) => {
        if (!isDType(type) || !ArrayBuffer.isView(data)) throw new Error(`${name} is of ${type}`);
        const storage = allocateStorage(type, elementCount(dims));
        new Uint8Array(storage.buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        return [name, Array.from(valuesOf({ dtype: type, shape: dims, data: storage }))];
      }),
    );
  };
}

function own(open: () => Promise<Backend>): Runner {
  return async (model, feeds) => {
    await using backend = await open();
    await using session = await createSession(model, { backend });
    const results = await session.run(feeds);
    return Object.fromEntries(
      Object.entries(results).map(([name, value]) => [name, Array.from(valuesOf(value))]),
    );
  };
}

/** By target; WebGPU needs a browser. */
export const runners = {
  js: own(openJs),
  wasm: own(openWasm),
  "ort-wasm": onnxruntime(web, "wasm"),
  "ort-node": onnxruntime(native, "cpu"),
} as const;

export const runnable = Object.keys(runners) as (keyof typeof runners)[];
