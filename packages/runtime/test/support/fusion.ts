/** What fusion does to a plan: the kernels with and without it, and equal bits. */
import { type Backend, createBackend } from "@bitbudget/backend";
import { hostDevice, kernels, open } from "@bitbudget/backend-js";
import type { DType, HostTensor } from "@bitbudget/core";
import type { NodeProto } from "@bitbudget/onnx";
import { expect } from "vitest";
import { createSession, type Feeds } from "../../src/index.ts";
import { type GraphParts, modelOf } from "./models.ts";

export interface Options {
  readonly feeds: Feeds;
  readonly constants?: Readonly<Record<string, HostTensor>>;
  readonly outputs?: readonly string[];
  readonly capture?: readonly string[];
}

/** A backend that fuses, and the same without the two ops that chains become. */
export class BothBackends implements AsyncDisposable {
  readonly fusing: Backend;
  readonly #plain: Backend;

  private constructor(fusing: Backend, plain: Backend) {
    this.fusing = fusing;
    this.#plain = plain;
  }

  static async open(): Promise<BothBackends> {
    const { elementwise: _, lookup: __, ...others } = kernels;
    const plain = createBackend({ name: "plain", device: hostDevice(), context: undefined, kernels: others });
    return new BothBackends(await open(), plain);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fusing.dispose();
    await this.#plain.dispose();
  }

  /** Runs nodes on both backends, with equal bits. Returns the kernels that run, and how many there are without fusion. */
  async run(
    nodes: readonly NodeProto[],
    { feeds, constants = {}, outputs = ["y"], capture = [] }: Options,
  ): Promise<{ readonly fused: readonly string[]; readonly plain: number }> {
    const parts: GraphParts = {
      inputs: Object.fromEntries(
        Object.entries(feeds).map(([name, { dtype, shape: sizes }]): [string, [DType, readonly number[]]] => [
          name,
          [dtype, sizes],
        ]),
      ),
      outputs: Object.fromEntries(outputs.map((name): [string, [DType, []]] => [name, ["float32", []]])),
      constants,
      nodes,
    };
    const model = modelOf(parts);
    await using one = await createSession(model, { backend: this.fusing });
    await using many = await createSession(model, { backend: this.#plain });
    const actual = await one.run(feeds, { capture });
    expect(actual).toEqual(await many.run(feeds, { capture }));
    return { fused: one.plan?.rows.map(({ kernel }) => kernel) ?? [], plain: many.plan?.rows.length ?? 0 };
  }
}
