/** A kernel of ours through the public contract: create, prepare, dispatch, read. */
import {
  type Backend,
  definitionOf,
  describeOperands,
  type Kernel,
  type KernelSpec,
} from "@bitbudget/backend";
import { type HostTensor, storageBytes } from "@bitbudget/core";
import type { Contender } from "../measure.ts";
import { KEPT_BYTES, type KernelProblem } from "./problem.ts";

export interface OurKernel {
  /** From operands in host memory to a result there, or on the device where it is large: what a rival's run does. */
  readonly whole: Contender;
  /** The kernel alone, on tensors that lie on the device. */
  readonly alone: Contender;
  /** "uint8 x int8 channel -> uint8, native" */
  readonly description: string;
  result(): Promise<HostTensor>;
  release(): void;
}

export async function prepareOurs(
  backend: Backend,
  { spec, weights, inputs }: KernelProblem,
): Promise<OurKernel> {
  const kernel: Kernel = await backend.prepare<KernelSpec["op"]>(spec, weights);
  const from = inputs.map((input) => backend.create(input, input.data));
  const to = kernel.outputs.map((type) => backend.create(type));
  // Reading it waits for all that was dispatched before, and costs nothing.
  const fence = backend.create({ dtype: "float32", shape: [1] });
  const [y] = to;
  if (y === undefined) throw new TypeError(`${spec.op} has no output`);
  const last = storageBytes(y.type.dtype, y.type.shape) > KEPT_BYTES ? fence : y;
  return {
    whole: {
      name: backend.name,
      async run(times) {
        for (let i = 0; i < times; i++) {
          for (let j = 0; j < inputs.length; j++) backend.write(from[j]!, inputs[j]!.data);
          backend.dispatch(kernel, from, to);
          await backend.read(last);
        }
      },
    },
    alone: {
      name: `${backend.name} kernel`,
      async run(times) {
        for (let i = 0; i < times; i++) backend.dispatch(kernel, from, to);
        await backend.read(fence);
      },
    },
    description: `${describeOperands(definitionOf(spec).operands(spec))}, ${kernel.arithmetic}`,
    async result() {
      backend.dispatch(kernel, from, to);
      return backend.read(y);
    },
    release() {
      for (const tensor of [...from, ...to, fence]) tensor.dispose();
      kernel.dispose();
    },
  };
}
