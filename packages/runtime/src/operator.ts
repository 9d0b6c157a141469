/** What an operator of ONNX is to the runtime: a function that turns a node into kernels, host steps or constants. */
import type { AnySpec, KernelSpec, OpName, Weights } from "@bitbudget/backend";
import type { HostTensor, TensorType } from "@bitbudget/core";
import type { NodeProto } from "@bitbudget/onnx";
import type { Value } from "./values.ts";

/** Returns one value for each output of the node, in order; outputs that nobody asked for may be left out at the end. */
export type Operator = (context: Lowering) => readonly Value[];

/** Computes on the host, at planning time when all inputs are known, else in every run. */
export type HostFunction = (inputs: readonly HostTensor[]) => readonly HostTensor[];

/** What an operator may ask and emit while a node is lowered. */
export interface Lowering {
  readonly node: NodeProto;
  /** Version of the operator set of the node's domain. */
  readonly opset: number;
  /** Undefined where an optional input is left out. */
  readonly inputs: readonly (Value | undefined)[];
  /** Number of outputs that the node names. */
  readonly outputCount: number;

  /** An input that must be there. */
  input(index: number): Value;
  /** Whether an optional input is given. */
  has(index: number): boolean;
  /**
   * The content of an input, where the operator cannot be planned without it (a shape, axes, weights). If only a run
   * can tell, planning stops here, the run computes it, and planning goes on with what it found.
   */
  constant(index: number): HostTensor;
  constantOf(value: Value): HostTensor;
  /** The content of an integer input as numbers. */
  integers(index: number): number[];
  /** The content of an input of one element, as a number. */
  scalar(index: number): number;

  /** A kernel with one output. */
  kernel<O extends OpName>(spec: KernelSpec<O>, inputs: readonly Value[], weights?: Weights<O>): Value;
  /** @param made.decoded whether its float weights are codes in the file, for the plan to say so */
  kernels<O extends OpName>(
    spec: KernelSpec<O>,
    inputs: readonly Value[],
    weights?: Weights<O>,
    made?: { readonly decoded: boolean },
  ): readonly Value[];
  /** A computation on the host for what no kernel does. The types of its outputs must be known in advance. */
  host(outputs: readonly TensorType[], inputs: readonly Value[], compute: HostFunction): readonly Value[];
  /** The same elements under another shape. */
  reshape(value: Value, shape: readonly number[]): Value;
  known(tensor: HostTensor): Value;
  /** The same value under another operator of ONNX: lets one operator be written in terms of others. */
  operator(
    opType: string,
    inputs: readonly (Value | undefined)[],
    attributes?: NodeProto["attribute"],
    domain?: string,
  ): readonly Value[];
  /** Whether the backend runs a spec itself. */
  supports(spec: AnySpec): boolean;
  /** A tensor made from a constant once, however often the node is planned. */
  derived(tensor: HostTensor, key: string, make: () => HostTensor): HostTensor;
  /** Fails with the node's name. */
  fail(message: string): never;
}
