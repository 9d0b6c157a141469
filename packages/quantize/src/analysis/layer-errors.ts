/** Errors where they are born and where they have travelled to: outputs of layers, alone and after all the others. */
import type { Backend } from "@bitbudget/backend";
import { type HostTensor, valuesOf } from "@bitbudget/core";
import { createSession, type Feeds, type Results, type Session } from "@bitbudget/runtime";
import { openInputs, partOf } from "../part.ts";
import { DifferenceSums } from "../verify/difference.ts";
import type { Switchable, SwitchedLayer } from "./switchable.ts";
import { switchesOf } from "./switchable.ts";

/** Layers whose inputs and outputs are in memory at a time. */
const LAYERS = 8;

export interface OutputErrors {
  /** The layer quantized, on inputs of the float model. */
  readonly alone: DifferenceSums;
  /** The layer quantized, and all before it. */
  readonly accumulated: DifferenceSums;
}

export class LayerErrors implements AsyncDisposable {
  readonly #model: Switchable;
  readonly #backend: Backend;
  /** Each layer as a model of its own. */
  readonly #sessions = new Map<SwitchedLayer, Session>();
  readonly #errors: ReadonlyMap<SwitchedLayer, OutputErrors>;

  constructor(model: Switchable, backend: Backend) {
    this.#model = model;
    this.#backend = backend;
    this.#errors = new Map(
      model.parts.layers.map((layer) => [
        layer,
        { alone: new DifferenceSums(), accumulated: new DifferenceSums() },
      ]),
    );
  }

  of(layer: SwitchedLayer): OutputErrors {
    return this.#errors.get(layer)!;
  }

  async add(feeds: Feeds): Promise<void> {
    const { layers, graph } = this.#model.parts;
    const all = new Set(layers.map(({ layer }) => layer.name));
    for (let start = 0; start < layers.length; start += LAYERS) {
      const some = layers.slice(start, start + LAYERS).map((layer) => ({
        layer,
        switches: Object.keys(switchesOf(layer, true)),
        output: layer.layer.node.output.find((name) => name !== "") ?? "",
      }));
      const inputs = some.flatMap(({ layer }) => openInputs(graph, layer.nodes));
      const outputs = some.map(({ output }) => output);
      // What is fed need not be captured.
      const capture = [...new Set([...inputs, ...outputs])].filter(
        (name) => graph.producer(name) !== undefined,
      );
      const float = await this.#model.run(feeds, new Set(), capture);
      const quantized = await this.#model.run(feeds, all, capture);
      for (const { layer, output, switches } of some) {
        const right = valuesOf(float[output]!);
        const { alone, accumulated } = this.of(layer);
        accumulated.add(valuesOf(quantized[output]!), right);
        alone.add(valuesOf(await this.#runAlone(layer, output, switches, { ...feeds, ...float })), right);
      }
    }
  }

  async #runAlone(
    layer: SwitchedLayer,
    output: string,
    switches: readonly string[],
    values: Results,
  ): Promise<HostTensor> {
    const { model, graph } = this.#model.parts;
    const given: Record<string, HostTensor> = { ...switchesOf(layer, true) };
    for (const name of openInputs(graph, layer.nodes))
      if (!switches.includes(name)) given[name] = values[name]!;
    let session = this.#sessions.get(layer);
    if (session === undefined) {
      // Of sizes that may differ from batch to batch.
      const part = partOf(model, graph, layer.nodes, given, [output], { fixed: false });
      session = await createSession(part, { backend: this.#backend, maxPlans: 1 });
      this.#sessions.set(layer, session);
    }
    return (await session.run(given))[output]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions.values()) await session.dispose();
    this.#sessions.clear();
  }
}
