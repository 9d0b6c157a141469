/**
 * What planning knows about the tensors that flow through a graph. A value has a concrete type; its content is known
 * ("constant") when it follows from initializers and shapes alone, and then it costs nothing at run time.
 */
import type { HostTensor, TensorType } from "@bitbudget/core";

/** Memory of one or more values: a reshape is another value in the same slot. */
export class Slot {
  readonly bytes: number;
  /** Index of the first and last step that touches it. */
  first = Number.POSITIVE_INFINITY;
  last = -1;
  constructor(bytes: number) {
    this.bytes = bytes;
  }

  touch(step: number): void {
    this.first = Math.min(this.first, step);
    this.last = Math.max(this.last, step);
  }
}

export interface Value {
  readonly type: TensorType;
  readonly slot: Slot;
  /** Content, where planning knows it. */
  readonly constant?: HostTensor;
}

/** A graph, subgraph or function body while it is planned; names that it does not define are looked up in `outer`. */
export interface Scope {
  readonly outer?: Scope;
  /** Versions of the operator sets that its nodes mean, by domain. */
  readonly opsets: ReadonlyMap<string, number>;
}

/** The values of all names in all scopes, at one point of planning. */
export class Environment {
  readonly #scopes: Map<Scope, Map<string, Value>>;

  constructor(scopes: Iterable<[Scope, ReadonlyMap<string, Value>]> = []) {
    this.#scopes = new Map();
    for (const [scope, values] of scopes) this.#scopes.set(scope, new Map(values));
  }

  get(scope: Scope, name: string): Value | undefined {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
      const value = this.#scopes.get(at)?.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  set(scope: Scope, name: string, value: Value): void {
    const values = this.#scopes.get(scope);
    if (values === undefined) this.#scopes.set(scope, new Map([[name, value]]));
    else values.set(name, value);
  }

  /** The same names, independent from now on. */
  copy(): Environment {
    return new Environment(this.#scopes);
  }

  /** Makes the content of a slot known to every value in it. */
  reveal(slot: Slot, { data }: HostTensor): void {
    for (const values of this.#scopes.values())
      for (const [name, value] of values)
        if (value.slot === slot) values.set(name, { ...value, constant: { ...value.type, data } });
  }
}
