/** onnxruntime as a second opinion: runs a model on its CPU provider. */
import { allocateStorage, elementCount, type HostTensor, isDType } from "@bitbudget/core";
import { type ModelProto, writeModel } from "@bitbudget/onnx";
import { InferenceSession, Tensor } from "onnxruntime-node";

/** One thread, so that sums are in the same order in every run. */
const OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  logSeverityLevel: 3,
};

export class Onnxruntime implements AsyncDisposable {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @param optimization "disabled" runs the nodes as they are in the file */
  static async open(
    model: ModelProto | Uint8Array,
    optimization: InferenceSession.SessionOptions["graphOptimizationLevel"] = "all",
  ): Promise<Onnxruntime> {
    const bytes = model instanceof Uint8Array ? model : writeModel(model);
    const options = { ...OPTIONS, graphOptimizationLevel: optimization };
    return new Onnxruntime(await InferenceSession.create(bytes, options));
  }

  async run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>> {
    const given = Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)] as const);
    const results = await this.#session.run(Object.fromEntries(given));
    return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromOrt(value)]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}

function toOrt({ dtype, shape, data }: HostTensor): Tensor {
  if (data instanceof Float32Array) return new Tensor("float32", data, shape);
  if (data instanceof Float64Array) return new Tensor("float64", data, shape);
  if (data instanceof BigInt64Array) return new Tensor("int64", data, shape);
  if (data instanceof Int32Array) return new Tensor("int32", data, shape);
  if (data instanceof Int8Array) return new Tensor("int8", data, shape);
  if (data instanceof Uint16Array && dtype === "float16") return new Tensor("float16", data, shape);
  if (data instanceof Uint8Array && dtype === "uint8") return new Tensor("uint8", data, shape);
  if (data instanceof Uint8Array && dtype === "bool") return new Tensor("bool", data, shape);
  throw new Error(`feeding ${dtype} to onnxruntime is not written`);
}

function fromOrt({ type, dims, data }: Tensor): HostTensor {
  if (!isDType(type) || !ArrayBuffer.isView(data)) throw new Error(`onnxruntime gave a tensor of ${type}`);
  const storage = allocateStorage(type, elementCount(dims));
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  new Uint8Array(storage.buffer).set(bytes);
  return { dtype: type, shape: [...dims], data: storage };
}
