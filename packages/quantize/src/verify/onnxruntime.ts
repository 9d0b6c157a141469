/** onnxruntime-web and onnxruntime-node as runners: the caller imports them, this file knows their shape only. */
import type { HostTensor } from "@bitbudget/core";
import { type ModelProto, writeModel } from "@bitbudget/onnx";
import type { Feeds, Results } from "@bitbudget/runtime";
import { type OrtModel, ortModel } from "./onnxruntime-model.ts";
import {
  convert,
  fromOrt,
  type OrtTensor,
  type OrtTensorConstructor,
  standIn,
  toOrt,
} from "./onnxruntime-tensors.ts";
import type { Runner } from "./runner.ts";

export interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** What `import * as ort from "onnxruntime-web"` and `from "onnxruntime-node"` have in common. */
export interface OrtModule<Options extends object = object> {
  readonly InferenceSession: { create(model: Uint8Array, options?: Options): Promise<OrtSession> };
  readonly Tensor: OrtTensorConstructor;
}

export interface OnnxruntimeOptions<Options extends object> {
  /** Default "onnxruntime". */
  readonly name?: string;
  /** Of the session: `{ executionProviders: ["wasm"] }`. */
  readonly options?: Options;
}

/**
 * A model in onnxruntime. Values between are captured by a second session, of a copy of the model with more outputs:
 * there, nodes around those values are not fused. Formats that its API lacks (floats of 16 bits and less,
 * integers of 4 and 2 bits) are cast inside the copy, and come back as what they are.
 *
 * @throws what onnxruntime throws for a model that it does not load
 */
export async function onnxruntimeRunner<Options extends object>(
  ort: OrtModule<Options>,
  model: ModelProto,
  { name = "onnxruntime", options }: OnnxruntimeOptions<Options> = {},
): Promise<Runner> {
  const main = await OrtRun.open(ort, model, [], options);
  let captured: { readonly key: string; readonly run: OrtRun<Options> } | undefined;
  return {
    name,
    async run(feeds, capture = []) {
      if (capture.length === 0) return main.run(feeds);
      const key = JSON.stringify(capture);
      if (captured?.key !== key) {
        await captured?.run.dispose();
        captured = undefined;
        captured = { key, run: await OrtRun.open(ort, model, capture, options) };
      }
      return captured.run.run(feeds);
    },
    async dispose() {
      await main.dispose();
      await captured?.run.dispose();
    },
  };
}

/** A session with what it needs to know of the model. */
class OrtRun<Options extends object> {
  readonly #ort: OrtModule<Options>;
  readonly #session: OrtSession;
  readonly #model: OrtModel;

  constructor(ort: OrtModule<Options>, session: OrtSession, model: OrtModel) {
    this.#ort = ort;
    this.#session = session;
    this.#model = model;
  }

  static async open<Options extends object>(
    ort: OrtModule<Options>,
    original: ModelProto,
    capture: readonly string[],
    options: Options | undefined,
  ): Promise<OrtRun<Options>> {
    const model = ortModel(original, capture);
    const session = await ort.InferenceSession.create(writeModel(model.model), options);
    return new OrtRun(ort, session, model);
  }

  async run(feeds: Feeds): Promise<Results> {
    const given = Object.entries(feeds).map(
      ([name, value]) => [name, toOrt(this.#ort.Tensor, this.#fed(name, value))] as const,
    );
    const results = await this.#session.run(Object.fromEntries(given));
    const found: Results = {};
    for (const [key, value] of Object.entries(results)) {
      const { name = key, dtype } = this.#model.outputs.get(key) ?? {};
      const made = await fromOrt(value, name);
      value.dispose();
      found[name] = dtype === undefined ? made : convert(made, dtype);
    }
    return found;
  }

  #fed(name: string, value: HostTensor): HostTensor {
    const other = this.#model.inputs.has(name) ? standIn(value.dtype) : undefined;
    return other === undefined ? value : convert(value, other);
  }

  dispose(): Promise<void> {
    return this.#session.release();
  }
}
