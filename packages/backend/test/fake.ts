/** A backend that computes next to nothing and writes down what is done to it. */
import { allocateStorage, elementCount, type HostTensor, type Storage, tensor } from "@bitbudget/core";
import { expect } from "vitest";
import {
  type Backend,
  createBackend,
  type Device,
  type KernelSpec,
  OperandError,
  type Stopwatch,
} from "../src/index.ts";

/** A clock that moves by `step` and a run that takes `cost`, both in milliseconds. No real time passes. */
export function fakeWatch(step: number, cost: number): Stopwatch & { readonly runs: number[] } {
  let time = 0;
  const runs: number[] = [];
  return {
    clock: "fake",
    runs,
    now() {
      // Reading a clock takes time too, or one that is read in a loop would never move.
      time += 1e-3;
      return Math.floor(time / step) * step;
    },
    run(times) {
      runs.push(times);
      time += cost * times;
    },
  };
}

export interface Fake {
  readonly backend: Backend;
  /** What reached the device and the kernels, in order. */
  readonly log: string[];
}

/** `unary` copies float32, up to two dimensions; `linear` of float32 writes its first bias to all outputs. */
export function fake(name = "fake"): Fake {
  const log: string[] = [];
  const device: Device<Storage> = {
    info: { key: `${name}/1`, description: "nothing real" },
    allocate: ({ dtype, shape }) => allocateStorage(dtype, elementCount(shape)),
    view: (buffer, { shape }, byteOffset) => {
      if (!(buffer instanceof Float32Array)) throw new Error("views are of float32 here");
      return buffer.subarray(byteOffset / 4, byteOffset / 4 + elementCount(shape));
    },
    write: (buffer, _, data) => bytes(buffer).set(bytes(data)),
    read: (buffer) => buffer.slice(),
    free: (buffer) => log.push(`free ${buffer.byteLength} bytes`),
    stopwatch: (run) => {
      const watch = fakeWatch(1e-3, 1);
      return {
        ...watch,
        run(times) {
          run();
          return watch.run(times);
        },
      };
    },
    close: () => {
      log.push("close");
    },
  };
  const float32 = { activation: "float32", output: "float32" } as const;
  const backend = createBackend({
    name,
    device,
    context: log,
    kernels: {
      unary: {
        rows: [{ ...float32, arithmetic: "native" }],
        refuse: ({ inputs }) =>
          inputs[0]!.shape.length > 2 ? "it has no more than two dimensions" : undefined,
        prepare: () => ({ bytes: 0, run: ([x], [y]) => bytes(y!).set(bytes(x!)) }),
      },
      linear: {
        rows: [{ ...float32, weight: "float32", arithmetic: "native" }],
        async prepare(context, spec, { bias }) {
          context.push(`prepare ${Object.isFrozen(spec) ? "frozen" : "loose"}`);
          const first = bias?.data[0] ?? 0;
          await null;
          return {
            bytes: 40,
            run: (_, [y]) => y instanceof Float32Array && y.fill(Number(first)),
            dispose: () => context.push("dispose kernel"),
          };
        },
      },
    },
  });
  return { backend, log };
}

function bytes({ buffer, byteOffset, byteLength }: Storage): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export function copyOf(shape: readonly number[]): KernelSpec<"unary"> {
  return {
    op: "unary",
    inputs: [{ dtype: "float32", shape }],
    attributes: { function: { fn: "identity" } },
  };
}

/** Two inputs, three outputs. */
export const linear: KernelSpec<"linear"> = {
  op: "linear",
  inputs: [{ dtype: "float32", shape: [2] }],
  attributes: { channels: 3, weight: { dtype: "float32" }, output: "float32", bias: "float32" },
};

export function linearWeights(): { weight: HostTensor<"float32">; bias: HostTensor<"float32"> } {
  return { weight: tensor("float32", [3, 2]), bias: tensor("float32", [3], [7, 8, 9]) };
}

export const float32 = (...shape: number[]) => ({ dtype: "float32", shape }) as const;

/** The error that a call or promise ends with. */
export async function failure(attempt: () => unknown): Promise<unknown> {
  try {
    await attempt();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

/** The operand that an OperandError names. */
export async function operandOf(attempt: () => unknown): Promise<string> {
  const error = await failure(attempt);
  expect(error).toBeInstanceOf(OperandError);
  return error instanceof OperandError ? error.operand : "";
}
