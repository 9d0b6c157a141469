/** Kernels and constants of a session: made once, shared by all who ask for the same, freed when the last one lets go. */
import {
  type AnySpec,
  type Backend,
  type Kernel,
  specKey,
  type Tensor,
  type Weights,
} from "@bitbudget/backend";
import type { HostTensor } from "@bitbudget/core";
import type { Origins } from "./origins.ts";

interface Shared<T> {
  readonly value: T;
  users: number;
}

/** What one user has of the kernels and constants of a backend. */
export class Lease {
  readonly #pool: Pool;
  /** What lets go of each thing, by its key. */
  readonly #held = new Map<string, () => void | Promise<void>>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The kernel of a spec with these weights, prepared if nobody has it. */
  kernel(spec: AnySpec, weights: Weights): Promise<Kernel> {
    const { backend, origins, kernels } = this.#pool;
    const parts = Object.entries<HostTensor | undefined>(weights).map(([role, tensor]) =>
      tensor === undefined ? "" : `${role}=${origins.of(tensor.data)}`,
    );
    const key = `${specKey(spec)} ${parts.sort().join(" ")}`;
    const free = (kernel: Promise<Kernel>) =>
      kernel.then(
        (prepared) => prepared.dispose(),
        // One that could not be prepared has nothing to free; who asked for it has been told.
        () => undefined,
      );
    return this.#take(kernels, key, () => backend.prepare(spec, weights), free);
  }

  /** A constant on the device, uploaded if nobody has it. */
  constant({ dtype, shape, data }: HostTensor): Tensor {
    const { backend, origins, constants } = this.#pool;
    const key = `${dtype}[${shape.join()}] ${origins.of(data)}`;
    const upload = () => backend.create({ dtype, shape }, data);
    return this.#take(constants, key, upload, (tensor) => tensor.dispose());
  }

  /** Lets everything go. */
  async release(): Promise<void> {
    const letGo = [...this.#held.values()];
    this.#held.clear();
    await Promise.all(letGo.map((each) => each()));
  }

  #take<T>(
    all: Map<string, Shared<T>>,
    key: string,
    make: () => T,
    free: (value: T) => void | Promise<void>,
  ): T {
    const shared = all.get(key) ?? { value: make(), users: 0 };
    if (!this.#held.has(key)) {
      all.set(key, shared);
      shared.users++;
      this.#held.set(key, () => {
        shared.users--;
        if (shared.users > 0) return undefined;
        all.delete(key);
        return free(shared.value);
      });
    }
    return shared.value;
  }
}

/** All kernels and constants that a session has on a backend. */
export class Pool {
  readonly backend: Backend;
  readonly origins: Origins;
  readonly kernels = new Map<string, Shared<Promise<Kernel>>>();
  readonly constants = new Map<string, Shared<Tensor>>();

  constructor(backend: Backend, origins: Origins) {
    this.backend = backend;
    this.origins = origins;
  }

  lease(): Lease {
    return new Lease(this);
  }
}
