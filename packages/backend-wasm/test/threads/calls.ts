/** Kernels that tests run to see in which order things happen. */
import type { Backend, Kernel, KernelSpec, Tensor } from "@bitbudget/backend";
import { tensor } from "@bitbudget/core";

export interface Adder {
  readonly kernel: Kernel;
  readonly tensors: readonly [Tensor, Tensor];
}

/** y = x * 1 + 1 on `size` floats, with two tensors to go to and fro: the count of calls can be read off. */
export async function adder(backend: Backend, size: number): Promise<Adder> {
  const spec: KernelSpec<"conv2d"> = {
    op: "conv2d",
    inputs: [{ dtype: "float32", shape: [1, size, 1, 1] }],
    attributes: {
      layout: "nhwc",
      channels: 1,
      groups: 1,
      kernel: [1, 1],
      strides: [1, 1],
      dilations: [1, 1],
      pads: [0, 0, 0, 0],
      weight: { dtype: "float32" },
      bias: "float32",
      output: "float32",
    },
  };
  const weight = tensor("float32", [1, 1, 1, 1], [1]);
  const kernel = await backend.prepare(spec, { weight, bias: tensor("float32", [1], [1]) });
  const type = { dtype: "float32", shape: [1, size, 1, 1] } as const;
  return { kernel, tensors: [backend.create(type), backend.create(type)] };
}

/** Adds 1 `times` times; returns the tensor with the result. */
export function add(backend: Backend, { kernel, tensors: [a, b] }: Adder, times: number): Tensor {
  for (let i = 0; i < times; i++) backend.dispatch(kernel, [i % 2 ? b : a], [i % 2 ? a : b]);
  return times % 2 ? b : a;
}

export function filled(size: number, value: number): Float32Array {
  return new Float32Array(size).fill(value);
}
