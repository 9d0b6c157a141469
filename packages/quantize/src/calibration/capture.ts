/**
 * Runs a model on batches and hands out values from inside of it, in groups: what is captured takes room on the backend
 * and here, so a batch may be run once for each group of values that fit into the memory there is.
 */
import type { Backend } from "@bitbudget/backend";
import { dtypeInfo, type HostTensor, isDType, valuesOf } from "@bitbudget/core";
import { copyModel, Graph, inferShapes, type ModelProto, type ValueType } from "@bitbudget/onnx";
import { checkFeeds, createSession, type Feeds, type Session } from "@bitbudget/runtime";
import { macrotask } from "@bitbudget/train";
import type { Floats } from "./channels.ts";

export interface CaptureOptions {
  readonly backend: Backend;
  /** Inputs, outputs and values of the main graph. */
  readonly names: readonly string[];
  /** Bytes that values of one run may take, on the backend and here each. A value that is larger has a run of its own. */
  readonly memory: number;
  readonly signal?: AbortSignal | undefined;
}

export class Capture implements AsyncDisposable {
  readonly #model: ModelProto;
  readonly #options: CaptureOptions;
  readonly #session: Session;
  /** For feeds of the shapes seen last. */
  #groups: { readonly key: string; readonly groups: readonly (readonly string[])[] } | undefined;

  private constructor(model: ModelProto, session: Session, options: CaptureOptions) {
    this.#model = model;
    this.#session = session;
    this.#options = options;
  }

  static async open(model: ModelProto, options: CaptureOptions): Promise<Capture> {
    const bare = copyModel(model);
    // Outputs are captured where they are wanted: so a run computes no more than its group needs.
    Graph.of(bare).proto.output = [];
    // One plan at a time: each keeps memory for everything that it captures.
    const session = await createSession(bare, { backend: options.backend, maxPlans: 1 });
    return new Capture(model, session, options);
  }

  /** Each value once. What was handed out is not kept. */
  async *run(feeds: Feeds): AsyncGenerator<readonly [name: string, value: HostTensor]> {
    checkFeeds(this.#session.inputs, feeds);
    for (const group of this.#groupsFor(feeds)) {
      // Signals have their turn; and engines keep all that was weakly held while one promise follows another: the
      // weights of every plan of a pass.
      await macrotask();
      this.#options.signal?.throwIfAborted();
      const isFed = (name: string) => Object.hasOwn(feeds, name);
      const capture = group.filter((name) => !isFed(name));
      const results = capture.length === 0 ? {} : await this.#session.run(feeds, { capture });
      for (const name of group) {
        const value = isFed(name) ? feeds[name] : results[name];
        delete results[name];
        if (value !== undefined) yield [name, value];
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.dispose();
  }

  #groupsFor(feeds: Feeds): readonly (readonly string[])[] {
    const shapes = Object.fromEntries(
      this.#session.inputs.map(({ name }) => [name, feeds[name]?.shape ?? []]),
    );
    const key = JSON.stringify(shapes);
    if (this.#groups?.key !== key) {
      const { types } = inferShapes(this.#model, { inputs: shapes });
      this.#groups = { key, groups: captureGroups(this.#options.names, this.#options.memory, types) };
    }
    return this.#groups.groups;
  }
}

/** Neighbours together, as many as fit. A size that cannot be known before the run is taken to be the largest that is. */
export function captureGroups(
  names: readonly string[],
  memory: number,
  types: ReadonlyMap<string, ValueType>,
): (readonly string[])[] {
  const bytes = names.map((name) => valueBytes(types.get(name)));
  const largest = bytes.reduce<number>((most, size) => Math.max(most, size ?? 0), 0);
  const groups: string[][] = [[]];
  let used = 0;
  for (const [i, name] of names.entries()) {
    const size = bytes[i] ?? largest;
    if (used + size > memory && used > 0) {
      groups.push([]);
      used = 0;
    }
    groups.at(-1)?.push(name);
    used += size;
  }
  return groups;
}

function valueBytes(type: ValueType | undefined): number | undefined {
  if (type?.kind !== "tensor" || type.shape === undefined) return undefined;
  const { dtype = "float32" } = type;
  let count = 1;
  for (const size of type.shape) {
    if (typeof size !== "number") return undefined;
    count *= size;
  }
  return isDType(dtype) ? (count * dtypeInfo(dtype).bits) / 8 : undefined;
}

/** The numbers of a tensor of floats, decoded where they are narrow; undefined for others. */
export function floatsOf(value: HostTensor): Floats | undefined {
  const { data } = value;
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  return dtypeInfo(value.dtype).kind === "float" ? valuesOf(value) : undefined;
}
