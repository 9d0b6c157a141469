/** What the checks of the contract have in common: they collect problems in words, whatever runs them. */
import { type AnySpec, type Backend, definitionOf, type Kernel, type Tensor } from "@bitbudget/backend";
import { elementCount, type HostTensor } from "@bitbudget/core";
import { type Case, makeTensors } from "../case.ts";
import { cases } from "../cases/index.ts";
import { bytesOf } from "../guarded.ts";

/** Opens a fresh backend. */
export type Open = () => Promise<Backend>;

/** One promise of the contract. `run` says in words how it is broken; nothing where it is kept. */
export interface ContractCheck {
  readonly name: string;
  run(open: Open): Promise<readonly string[]>;
}

/** Collects what is wrong, in words. */
export class Problems {
  readonly list: string[] = [];

  /** Notes the problem unless the condition holds. */
  expect(condition: boolean, problem: string): void {
    if (!condition) this.list.push(problem);
  }

  /** Notes a problem unless the action fails with an error of that code. */
  async expectError(code: string, what: string, action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      // By code: a third party may have its own copy of the error classes.
      if (error instanceof Error && "code" in error && error.code === code) return;
      this.list.push(`${what} must fail with an error of code ${code}, not with ${error}`);
      return;
    }
    this.list.push(`${what} must fail with an error of code ${code}, but did not fail`);
  }
}

/** A case that the backend supports, prepared, with its tensors on the device. */
export interface Probe {
  readonly testCase: Case;
  readonly kernel: Kernel;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly data: readonly HostTensor[];
  dispose(): void;
}

/** The first small case that the backend supports and that suits. Throws if there is none. */
export function findCase(backend: Backend, suits: (testCase: Case) => boolean = () => true): Case {
  const found = cases.find(({ spec, ...rest }) => {
    const tensors = [...spec.inputs, ...definitionOf<AnySpec["op"]>(spec).outputs(spec)];
    const counts = tensors.map(({ shape }) => elementCount(shape));
    const small = spec.inputs.length > 0 && counts.every((count) => count >= 4 && count <= 4096);
    return small && suits({ spec, ...rest }) && backend.supports(spec).supported;
  });
  if (found === undefined)
    throw new Error(`${backend.name} supports no case of the suite that this check could use`);
  return found;
}

export async function probe(backend: Backend, suits?: (testCase: Case) => boolean): Promise<Probe> {
  const testCase = findCase(backend, suits);
  const { inputs: data, weights } = makeTensors(testCase);
  const kernel: Kernel = await backend.prepare<AnySpec["op"]>(testCase.spec, weights);
  const inputs = data.map((input) => backend.create(input, input.data));
  const outputs = kernel.outputs.map((type) => backend.create(type));
  return {
    testCase,
    kernel,
    inputs,
    outputs,
    data,
    dispose() {
      for (const handle of [kernel, ...inputs, ...outputs]) handle.dispose();
    },
  };
}

export function sameBytes(a: HostTensor, b: HostTensor): boolean {
  const other = bytesOf(b);
  return other.length === a.data.byteLength && bytesOf(a).every((byte, i) => byte === other[i]);
}
