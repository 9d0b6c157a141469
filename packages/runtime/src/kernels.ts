/** Kernels and constants of a session, each prepared or uploaded once. */

import type { AnySpec } from "@bitbudget/backend";
import { type Backend, type Kernel, specKey, type Tensor, type Weights } from "@bitbudget/backend";
import type { HostTensor, Storage } from "@bitbudget/core";

export class Prepared {
  readonly #backend: Backend;
  readonly #kernels = new Map<string, Promise<Kernel>>();
  readonly #constants = new Map<string, Tensor>();
  readonly #identities = new WeakMap<Storage, number>();
  #nextIdentity = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** The kernel of a spec with these weights, prepared at the first call. */
  kernel(spec: AnySpec, weights: Weights): Promise<Kernel> {
    const parts = Object.entries<HostTensor | undefined>(weights).map(([role, tensor]) =>
      tensor === undefined ? "" : `${role}=${this.#identity(tensor.data)}`,
    );
    const key = `${specKey(spec)} ${parts.sort().join(" ")}`;
    let kernel = this.#kernels.get(key);
    if (kernel === undefined) {
      kernel = this.#backend.prepare(spec, weights);
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }

  /** A constant on the device. */
  constant({ dtype, shape, data }: HostTensor): Tensor {
    const key = `${this.#identity(data)} ${dtype} ${shape.join(",")}`;
    let tensor = this.#constants.get(key);
    if (tensor === undefined) {
      tensor = this.#backend.create({ dtype, shape }, data);
      this.#constants.set(key, tensor);
    }
    return tensor;
  }

  async dispose(): Promise<void> {
    for (const kernel of await Promise.allSettled(this.#kernels.values()))
      if (kernel.status === "fulfilled") kernel.value.dispose();
    for (const tensor of this.#constants.values()) tensor.dispose();
    this.#kernels.clear();
    this.#constants.clear();
  }

  #identity(data: Storage): number {
    let identity = this.#identities.get(data);
    if (identity === undefined) {
      identity = this.#nextIdentity++;
      this.#identities.set(data, identity);
    }
    return identity;
  }
}
