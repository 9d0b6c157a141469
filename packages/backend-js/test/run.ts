/** Runs one kernel through the public interface, as every test here does. */
import type { KernelSpec, OpName, Weights } from "@bitbudget/backend";
import { type HostTensor, storageBytes, tensor, valuesOf } from "@bitbudget/core";
import { open } from "../src/index.ts";

/** Numbers to encode in the format of the spec's input, or codes as they are. */
export type Input = readonly number[] | HostTensor;

/**
 * The outputs of a kernel. Their memory is full of junk before it runs, which a kernel that leaves an element out
 * would hand back.
 */
export async function run<O extends OpName>(
  spec: KernelSpec<O>,
  inputs: readonly Input[],
  weights?: Weights<O>,
): Promise<HostTensor[]> {
  await using backend = await open();
  const kernel = await backend.prepare(spec, weights);
  const from = spec.inputs.map((type, i) => {
    const given = inputs[i] ?? [];
    return backend.create(type, "data" in given ? given.data : tensor(type.dtype, type.shape, given).data);
  });
  const to = kernel.outputs.map((type) => {
    const output = backend.create(type);
    const junk = tensor(type.dtype, type.shape).data;
    new Uint8Array(junk.buffer).fill(0xa5, 0, storageBytes(type.dtype, type.shape));
    backend.write(output, junk);
    return output;
  });
  backend.dispatch(kernel, from, to);
  return Promise.all(to.map((output) => backend.read(output)));
}

/** As `run`, for kernels with one output: its numbers. */
export async function numbers<O extends OpName>(
  spec: KernelSpec<O>,
  inputs: readonly Input[],
  weights?: Weights<O>,
): Promise<number[]> {
  const [output] = await run(spec, inputs, weights);
  return output === undefined ? [] : Array.from(valuesOf(output));
}
