/** What a backend brings: a device (memory, order, a clock) and a table of small kernel files, one op each. */
import type { Storage, TensorType } from "@bitbudget/core";
import type { Arithmetic, DeviceInfo } from "./backend.ts";
import type { Operands } from "./capability.ts";
import type { KernelSpec, OpName, Weights } from "./spec.ts";
import type { Stopwatch } from "./timing.ts";

/** Memory, order and clock of a backend. `Buffer` is whatever a kernel reads and writes. */
export interface Device<Buffer> {
  readonly info: DeviceInfo;
  /** Zero-filled memory for a tensor. */
  allocate(type: TensorType): Buffer;
  /** A part of the same memory as another type; it fits, and the offset is aligned. */
  view(buffer: Buffer, type: TensorType, byteOffset: number): Buffer;
  write(buffer: Buffer, type: TensorType, data: Storage): void;
  /** A copy, after everything enqueued before is done. */
  read(buffer: Buffer, type: TensorType): Storage | Promise<Storage>;
  free(buffer: Buffer): void;
  /** A clock for repeated runs of an enqueued piece of work. */
  stopwatch(run: () => void): Stopwatch;
  close(): void | Promise<void>;
}

/** A compiled kernel with its packed weights. */
export interface Prepared<Buffer> {
  run(inputs: readonly Buffer[], outputs: readonly Buffer[]): void;
  /** Bytes of packed weights. */
  readonly bytes: number;
  dispose?(): void;
}

/** A row without its op, which is the name under which the file stands in the table. */
export type KernelRow = Operands & { readonly arithmetic: Arithmetic };

/** One op on one backend. */
export interface KernelFile<O extends OpName, Context, Buffer> {
  readonly rows: readonly KernelRow[];
  /** Why a spec that a row covers is refused all the same. */
  refuse?(spec: KernelSpec<O>): string | undefined;
  /** Spec and weights were checked. Weights may change after the call: keep copies. */
  prepare(
    context: Context,
    spec: KernelSpec<O>,
    weights: Weights<O>,
  ): Prepared<Buffer> | Promise<Prepared<Buffer>>;
}

export type KernelTable<Context, Buffer> = { readonly [O in OpName]?: KernelFile<O, Context, Buffer> };

export interface BackendParts<Context, Buffer> {
  readonly name: string;
  readonly device: Device<Buffer>;
  /** Handed to every `prepare`: the module instance, the GPU device. */
  readonly context: Context;
  readonly kernels: KernelTable<Context, Buffer>;
}
