/** Backends with planted defects: backend-js with something wrong in one kernel. */
import {
  type Backend,
  createBackend,
  type KernelFile,
  type KernelRow,
  type OpName,
  type Weights,
} from "@bitbudget/backend";
import { hostDevice, kernels } from "@bitbudget/backend-js";
import type { Storage } from "@bitbudget/core";
import { cases, type Failure, runCase } from "../../src/index.ts";

export type Run = (inputs: readonly Storage[], outputs: readonly Storage[]) => void;

/** backend-js in which `change` replaces what the kernels of one op do. */
export function plant<O extends OpName>(op: O, change: (run: Run) => Run): () => Promise<Backend> {
  const file: KernelFile<O, undefined, Storage> | undefined = kernels[op];
  if (file === undefined) throw new Error(`backend-js has no ${op}`);
  const planted: KernelFile<O, undefined, Storage> = {
    ...file,
    async prepare(context, spec, weights) {
      const prepared = await file.prepare(context, spec, weights);
      return { ...prepared, run: change((inputs, outputs) => prepared.run(inputs, outputs)) };
    },
  };
  return async () =>
    createBackend({
      name: "planted",
      device: hostDevice(),
      context: undefined,
      kernels: { ...kernels, [op]: planted },
    });
}

/** backend-js with another backend's answer to something: the prototype keeps all that is not overridden. */
export function override(backend: Backend, properties: Partial<Backend>): Backend {
  return Object.create(backend, Object.getOwnPropertyDescriptors(properties));
}

export function caseOf(id: string) {
  const found = cases.find((testCase) => testCase.id === id);
  if (found === undefined) throw new Error(`there is no case ${id}`);
  return found;
}

/** backend-js with a kernel of one's own for an op. */
export function withKernel<O extends "linear" | "matmul" | "requantize" | "elementwise" | "recurrent">(
  op: O,
  rows: readonly KernelRow[],
  make: (
    spec: Parameters<KernelFile<O, undefined, Storage>["prepare"]>[1],
    weights: Weights<O>,
  ) => (inputs: readonly Storage[], outputs: readonly Storage[]) => void,
): () => Promise<Backend> {
  const file: KernelFile<O, undefined, Storage> = {
    rows,
    prepare: (_, spec, weights) => ({ bytes: 0, run: make(spec, weights) }),
  };
  return async () =>
    createBackend({
      name: "planted",
      device: hostDevice(),
      context: undefined,
      kernels: { ...kernels, [op]: file },
    });
}

/** What is wrong with a backend, as one case shows it. */
export async function failuresOf(
  openPlanted: () => Promise<Backend>,
  id: string,
): Promise<readonly Failure[]> {
  await using backend = await openPlanted();
  const result = await runCase(backend, caseOf(id));
  return result.status === "failed" ? result.failures : [];
}
