/** How far a quantized model is from the float one, without labels: noise over signal of its outputs. */
import type { Backend } from "@bitbudget/backend";
import { dtypes, type HostTensor, valuesOf } from "@bitbudget/core";
import type { ModelProto } from "@bitbudget/onnx";
import { createSession, type Results } from "@bitbudget/runtime";
import { type Batch, type Batches, batchesOf } from "@bitbudget/train";
import { QuantizeError } from "./errors.ts";

/** The float model on some batches, with which quantized ones are compared. Outputs are kept in memory. */
export class OutputReference {
  readonly #backend: Backend;
  readonly #runs: readonly { readonly batch: Batch; readonly outputs: Results }[];

  private constructor(backend: Backend, runs: OutputReference["runs"]) {
    this.#backend = backend;
    this.#runs = runs;
  }

  private get runs() {
    return this.#runs;
  }

  /** @throws QuantizeError where there are no batches */
  static async of(model: ModelProto, batches: Batches, backend: Backend): Promise<OutputReference> {
    const runs: { batch: Batch; outputs: Results }[] = [];
    await using session = await createSession(model, { backend });
    for await (const batch of batchesOf(batches, 0, 0))
      runs.push({ batch, outputs: await session.run(batch.feeds) });
    if (runs.length === 0) throw new QuantizeError("there are no batches to compare outputs on");
    return new OutputReference(backend, runs);
  }

  /** Sum of squared differences over the sum of squares, of each float output; the mean of these. */
  async error(model: ModelProto): Promise<number> {
    const noise = new Map<string, number>();
    const signal = new Map<string, number>();
    await using session = await createSession(model, { backend: this.#backend });
    for (const { batch, outputs } of this.#runs) {
      const results = await session.run(batch.feeds);
      for (const [name, right] of Object.entries(outputs)) {
        if (!isFloat(right)) continue;
        const [x, y] = [valuesOf(right), valuesOf(results[name]!)];
        let [apart, size] = [0, 0];
        for (let i = 0; i < x.length; i++) {
          apart += (Number(x[i]) - Number(y[i])) ** 2;
          size += Number(x[i]) ** 2;
        }
        noise.set(name, (noise.get(name) ?? 0) + apart);
        signal.set(name, (signal.get(name) ?? 0) + size);
      }
    }
    const ratios = Array.from(noise, ([name, sum]) => sum / (signal.get(name) || 1));
    return ratios.length === 0 ? 0 : ratios.reduce((a, b) => a + b, 0) / ratios.length;
  }
}

function isFloat({ dtype }: HostTensor): boolean {
  return dtypes[dtype].kind === "float";
}
