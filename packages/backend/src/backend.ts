/**
 * The contract: everything a backend is, on one screen.
 *
 * Two phases. `prepare` compiles a spec and packs its weights once; `dispatch` enqueues it on tensors. Callers that
 * write a backend start from `createBackend` (create.ts), which owns the checks, ownership and order below.
 */
import type { HostTensor, Storage, TensorType } from "@bitbudget/core";
import type { Capability, Support } from "./capability.ts";
import type { Layout } from "./ops/window.ts";
import type { AnySpec, KernelSpec, OpName, Weights } from "./spec.ts";
import type { Timing, TimingPlan } from "./timing.ts";

export interface Backend extends AsyncDisposable {
  readonly name: string;
  /** What it runs on. `device.key` is part of every key under which a cost is remembered. */
  readonly device: DeviceInfo;
  /** What it computes and how, as rows; `supports` never says yes to a spec that no row covers. */
  readonly capabilities: readonly Capability[];

  /** Pure and synchronous. A refusal gives its reason. Throws SpecError for a spec that makes no sense anywhere. */
  supports(spec: AnySpec): Support;

  /** A tensor on the device, zero-filled or a copy of `data`. It stays there until `dispose`. */
  create(type: TensorType, data?: Storage): Tensor;
  /**
   * A part of the same memory under another type: a reshape that moves nothing, or a slot of an arena.
   * `byteOffset` is a multiple of VIEW_ALIGNMENT.
   */
  view(tensor: Tensor, type: TensorType, byteOffset?: number): Tensor;

  /** Compiles the spec and packs the weights, which are copied: the kernel owns what it keeps. */
  prepare<O extends OpName>(spec: KernelSpec<O>, weights?: Weights<O>): Promise<Kernel<O>>;
  /**
   * Enqueues the kernel; runs happen in the order of the calls. The caller allocates the outputs, in the types of
   * `kernel.outputs`; the kernel writes every element of them and nothing else. No output may share memory with an input.
   */
  dispatch(kernel: Kernel, inputs: readonly Tensor[], outputs: readonly Tensor[]): void;
  /** Overwrites a tensor from the host, in the order of the calls: what was dispatched before still sees the old data. */
  write(tensor: Tensor, data: Storage): void;
  /** The only way back to the host: waits for everything dispatched before, then copies. */
  read(tensor: Tensor): Promise<HostTensor>;

  /** Raw samples with their clock and its resolution, or a TimingError. Never 0, never a guess. */
  time(
    kernel: Kernel,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    plan?: TimingPlan,
  ): Promise<Timing>;

  /** Bytes held by live tensors and kernels. */
  readonly bytes: number;
  /** Frees all tensors and kernels; later calls throw a DisposedError. Same as `await using`. */
  dispose(): Promise<void>;
}

/** Views start at multiples of this many bytes: what the strictest device, a GPU, asks of a binding. */
export const VIEW_ALIGNMENT = 256;

export interface DeviceInfo {
  /** Equal for two runs exactly when their timings may be compared. */
  readonly key: string;
  /** For people: engine, processor or adapter, features. */
  readonly description: string;
  /** The order of dimensions in which it computes images (conv2d, pool2d) fastest. Default "nchw". */
  readonly imageLayout?: Layout;
}

/** A tensor on a backend's device. Belongs to the backend that created it. */
export interface Tensor extends Disposable {
  readonly type: TensorType;
  readonly disposed: boolean;
  /** Frees the memory; disposing twice is allowed. A view never frees what it looks at. */
  dispose(): void;
}

/** A prepared kernel. Belongs to the backend that prepared it. */
export interface Kernel<O extends OpName = OpName> extends Disposable {
  readonly spec: KernelSpec<O>;
  readonly outputs: readonly TensorType[];
  /** How this kernel computes: on the codes themselves, or on codes expanded to float first. */
  readonly arithmetic: Arithmetic;
  /** Bytes of packed weights that it holds. */
  readonly bytes: number;
  readonly disposed: boolean;
  dispose(): void;
}

/** "native": arithmetic on the codes. "decoded": codes become floats first. A benchmark never calls one the other. */
export type Arithmetic = "native" | "decoded";
