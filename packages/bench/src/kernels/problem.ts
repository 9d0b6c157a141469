/** One kernel with its numbers, and the same problem in the forms of the rivals. */
import type { AnySpec, Layout, Weights } from "@bitbudget/backend";
import type { HostTensor } from "@bitbudget/core";
import type { ModelProto } from "@bitbudget/onnx";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Tolerance } from "../compare.ts";
import type { Tfjs } from "../rivals/rivals.ts";

/** A row before its numbers are made: those of one row at a time are in memory. */
export interface KernelCase {
  readonly op: string;
  readonly scheme: string;
  readonly shape: string;
  /** @param layout order of the dimensions in which the backend takes images */
  build(layout: Layout): KernelProblem;
}

export interface KernelProblem {
  readonly spec: AnySpec;
  readonly weights: Weights;
  readonly inputs: readonly HostTensor[];
  /** Multiply-adds of one run; undefined for work that is none. */
  readonly macs: number | undefined;
  /** Our result as real numbers, images with channels first. */
  values(output: HostTensor): ArrayLike<number>;
  readonly onnx: readonly OnnxRival[];
  readonly tfjs?: TfjsRival;
}

/** An ONNX model that does the same. */
export interface OnnxRival {
  /** Its operator, as onnxruntime knows it. */
  readonly name: string;
  readonly model: ModelProto;
  readonly feeds: Readonly<Record<string, HostTensor>>;
  /** The result "y" as real numbers. */
  values(y: HostTensor): ArrayLike<number>;
  readonly tolerance: Tolerance;
}

export interface TfjsRival {
  readonly tolerance: Tolerance;
  /** Puts the weights where TensorFlow.js wants them; `run` takes its operands from host memory. */
  prepare(tf: Tfjs): { run(): Tensor; release(): void };
  /** The result as real numbers, images with channels first. */
  values(result: ArrayLike<number>): ArrayLike<number>;
}

/**
 * Results of more bytes than this stay where they were computed, for all: fresh host memory for them costs as much as some
 * kernels do, and between the layers of a model nobody pays for it.
 */
export const KEPT_BYTES = 1 << 16;

/** A standard label: 128x768x3072. */
export function label(...sizes: readonly (number | string)[]): string {
  return sizes.join("x");
}
