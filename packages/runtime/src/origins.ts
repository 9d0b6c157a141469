/**
 * Names for the content of tensors, by which kernels and constants are known. Weights are held weakly once kernels have
 * packed them, and read or derived anew when another plan asks for them: what comes from the same place by the same way
 * has the same name again.
 */
import type { HostTensor, Storage } from "@bitbudget/core";

export class Origins {
  readonly #names = new WeakMap<Storage, string>();
  readonly #sources = new WeakMap<object, string>();
  #next = 0;

  /** The name of some content. What comes from nowhere gets a name that nothing else has. */
  of(data: Storage): string {
    return this.#nameOf(this.#names, data);
  }

  /** Names what was read from a part of the model. */
  read(source: object, { data }: HostTensor): void {
    this.#name(data, this.#nameOf(this.#sources, source));
  }

  /** Names what was made from a tensor; the key says how, and means the same for all tensors of that type. */
  derive({ dtype, shape, data }: HostTensor, key: string, made: HostTensor): void {
    this.#name(made.data, `${this.of(data)} ${dtype}[${shape.join()}] > ${key}`);
  }

  /** What passes content on as it is keeps its name. */
  #name(data: Storage, name: string): void {
    if (!this.#names.has(data)) this.#names.set(data, name);
  }

  #nameOf<K extends object>(names: WeakMap<K, string>, key: K): string {
    let name = names.get(key);
    if (name === undefined) {
      name = `${this.#next++}`;
      names.set(key, name);
    }
    return name;
  }
}
