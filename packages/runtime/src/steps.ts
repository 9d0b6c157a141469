/** What a plan is made of. */
import type { AnySpec, Arithmetic, Weights } from "@bitbudget/backend";
import type { HostFunction } from "./operator.ts";
import type { Value } from "./values.ts";

interface StepBase {
  /** The ONNX node it comes from. */
  readonly node: string;
  readonly opType: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export interface KernelStep extends StepBase {
  readonly kind: "kernel";
  readonly spec: AnySpec;
  readonly weights: Weights;
  readonly arithmetic: Arithmetic;
}

export interface HostStep extends StepBase {
  readonly kind: "host";
  readonly compute: HostFunction;
  readonly reason: string;
}

/** A kernel of backend-js in place of one that the backend does not have; its operands are copied to the host and back. */
export interface FallbackStep extends StepBase {
  readonly kind: "fallback";
  /** Of the operator. */
  readonly domain: string;
  readonly opset: number;
  readonly spec: AnySpec;
  readonly weights: Weights;
  readonly reason: string;
}

export type Step = KernelStep | HostStep | FallbackStep;
