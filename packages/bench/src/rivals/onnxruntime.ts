/** onnxruntime as a rival, native or in WebAssembly: both have one interface. */
import { elementCount, type HostTensor } from "@bitbudget/core";
import type * as web from "onnxruntime-web";
import type { Contender } from "../measure.ts";

export type OrtTensor = web.Tensor;
export type OrtFeeds = Readonly<Record<string, OrtTensor>>;

/** What the packages onnxruntime-web and onnxruntime-node have in common. */
export interface OrtModule {
  readonly InferenceSession: typeof web.InferenceSession;
  readonly Tensor: typeof web.Tensor;
}

export interface Onnxruntime {
  /** "ort-web" or "ort-node". */
  readonly name: string;
  readonly ort: OrtModule;
  readonly options: web.InferenceSession.SessionOptions;
}

/** A model in a session, with its feeds. */
export interface OrtRun extends Contender {
  /** Results of one run, by name. */
  results(): Promise<Record<string, HostTensor>>;
  release(): Promise<void>;
}

/** Makes a session; rejects with onnxruntime's error for a model that it does not run. */
export async function openOrt(
  { name, ort, options }: Onnxruntime,
  label: string,
  bytes: Uint8Array,
  feeds: Readonly<Record<string, HostTensor>>,
): Promise<OrtRun> {
  const session = await ort.InferenceSession.create(bytes, options);
  const given = Object.fromEntries(Object.entries(feeds).map(([key, value]) => [key, toOrt(ort, value)]));
  return {
    name: label === "" ? name : `${name} ${label}`,
    async run(times) {
      for (let i = 0; i < times; i++) {
        const results = await session.run(given);
        for (const key in results) results[key]?.dispose();
      }
    },
    async results() {
      const results = await session.run(given);
      return Object.fromEntries(Object.entries(results).map(([key, value]) => [key, fromOrt(value)]));
    },
    release: () => session.release(),
  };
}

/** A tensor for onnxruntime, on the same memory. Formats under 8 bits are no inputs of models that are timed. */
export function toOrt(ort: OrtModule, { dtype, shape, data }: HostTensor): OrtTensor {
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, shape);
  if (data instanceof Int8Array) return new ort.Tensor("int8", data, shape);
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, shape);
  if (data instanceof BigInt64Array) return new ort.Tensor("int64", data, shape);
  if (data instanceof Uint8Array) return new ort.Tensor(dtype === "bool" ? "bool" : "uint8", data, shape);
  throw new TypeError(
    `${dtype} cannot be fed to onnxruntime here; feed float32, int32, int64, 8-bit integers or bool`,
  );
}

function fromOrt({ type, dims, data }: OrtTensor): HostTensor {
  const shape = [...dims];
  if (data instanceof Float32Array) return { dtype: "float32", shape, data };
  if (data instanceof Int8Array) return { dtype: "int8", shape, data };
  if (data instanceof Uint8Array) return { dtype: type === "bool" ? "bool" : "uint8", shape, data };
  if (data instanceof Int32Array) return { dtype: "int32", shape, data };
  if (data instanceof BigInt64Array) return { dtype: "int64", shape, data };
  throw new TypeError(
    `onnxruntime returned ${type} [${elementCount(shape)}], which the benchmark does not compare`,
  );
}
