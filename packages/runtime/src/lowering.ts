/** The context in which an operator lowers one node: reads inputs, emits steps. */
import {
  type AnySpec,
  type Backend,
  definitionOf,
  type KernelSpec,
  type OpName,
  type Support,
  type Weights,
} from "@bitbudget/backend";
import { elementCount, type HostTensor, storageBytes, type TensorType, valuesOf } from "@bitbudget/core";
import { type AttributeProto, makeNode, type NodeProto } from "@bitbudget/onnx";
import { NodeError } from "./errors.ts";
import type { HostFunction, Lowering, Operator } from "./operator.ts";
import type { Step } from "./steps.ts";
import { Slot, type Value } from "./values.ts";

/** Thrown where planning needs the content of a value that only a run can tell. */
export class NeedsContent {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

/** What lowering a node needs of the planner. */
export interface LoweringHost {
  readonly backend: Backend;
  operator(domain: string, opType: string): Operator;
  emit(step: Step): void;
  derived(tensor: HostTensor, key: string, make: () => HostTensor): HostTensor;
}

export class NodeLowering implements Lowering {
  readonly node: NodeProto;
  readonly opset: number;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputCount: number;
  readonly #host: LoweringHost;
  readonly #name: string;

  constructor(
    host: LoweringHost,
    node: NodeProto,
    opset: number,
    inputs: readonly (Value | undefined)[],
    name: string,
  ) {
    this.#host = host;
    this.#name = name;
    this.node = node;
    this.opset = opset;
    this.inputs = inputs;
    this.outputCount = node.output.length;
  }

  input(index: number): Value {
    return this.inputs[index] ?? this.fail(`needs input ${index}, which is left out`);
  }

  has(index: number): boolean {
    return this.inputs[index] !== undefined;
  }

  constant(index: number): HostTensor {
    return this.constantOf(this.input(index));
  }

  constantOf(value: Value): HostTensor {
    if (value.constant === undefined) throw new NeedsContent(value);
    return value.constant;
  }

  integers(index: number): number[] {
    return Array.from(valuesOf(this.constant(index)));
  }

  scalar(index: number): number {
    const values = this.integers(index);
    const [value] = values;
    if (values.length !== 1 || value === undefined)
      this.fail(`input ${index} must have one element, not ${values.length}`);
    return value;
  }

  /** Whether a value of one element is not zero. */
  truth(value: Value): boolean {
    const [element] = valuesOf(this.constantOf(value));
    return element !== undefined && element !== 0;
  }

  /** The same node, going on in another planner. */
  in(host: LoweringHost): NodeLowering {
    return new NodeLowering(host, this.node, this.opset, this.inputs, this.#name);
  }

  kernel<O extends OpName>(spec: KernelSpec<O>, inputs: readonly Value[], weights?: Weights<O>): Value {
    const [output] = this.kernels(spec, inputs, weights);
    return output ?? this.fail(`kernel ${spec.op} has no output`);
  }

  kernels<O extends OpName>(
    spec: KernelSpec<O>,
    inputs: readonly Value[],
    weights: Weights<O> = {},
    { decoded = false } = {},
  ): readonly Value[] {
    const outputs = definitionOf(spec).outputs(spec).map(newValue);
    const support = this.#support(spec);
    const common = {
      node: this.#name,
      opType: this.node.opType,
      spec: anySpec(spec),
      weights,
      inputs,
      outputs,
    };
    if (support.supported) {
      this.#host.emit({ kind: "kernel", ...common, arithmetic: decoded ? "decoded" : support.arithmetic });
    } else {
      const { domain } = this.node;
      this.#host.emit({ kind: "fallback", ...common, domain, opset: this.opset, reason: support.reason });
    }
    return outputs;
  }

  host(types: readonly TensorType[], inputs: readonly Value[], compute: HostFunction): readonly Value[] {
    const outputs = types.map(newValue);
    const reason = `${this.node.opType} is computed on the host`;
    this.#host.emit({
      kind: "host",
      node: this.#name,
      opType: this.node.opType,
      inputs,
      outputs,
      compute,
      reason,
    });
    return outputs;
  }

  reshape(value: Value, shape: readonly number[]): Value {
    const { dtype } = value.type;
    if (elementCount(shape) !== elementCount(value.type.shape))
      this.fail(`cannot give ${elementCount(value.type.shape)} elements the shape [${shape.join(", ")}]`);
    const type = { dtype, shape };
    if (value.constant === undefined) return { type, slot: value.slot };
    return { type, slot: value.slot, constant: { ...value.constant, shape } };
  }

  known(tensor: HostTensor): Value {
    return knownValue(tensor);
  }

  operator(
    opType: string,
    inputs: readonly (Value | undefined)[],
    attributes: readonly AttributeProto[] = [],
    domain = "",
  ): readonly Value[] {
    const node = makeNode(opType, [], ["output"], { domain });
    node.attribute = [...attributes];
    const opset = domain === this.node.domain ? this.opset : NEWEST_OPSET;
    return this.#host.operator(domain, opType)(new NodeLowering(this.#host, node, opset, inputs, this.#name));
  }

  supports(spec: AnySpec): boolean {
    return this.#support(spec).supported;
  }

  derived(tensor: HostTensor, key: string, make: () => HostTensor): HostTensor {
    return this.#host.derived(tensor, key, make);
  }

  fail(message: string): never {
    throw new NodeError(this.#name, this.node.opType, message);
  }

  #support<O extends OpName>(spec: KernelSpec<O>): Support {
    return this.#host.backend.supports(anySpec(spec));
  }
}

/** Operators written in terms of others mean the newest version of them. */
const NEWEST_OPSET = 25;

export function newValue(type: TensorType): Value {
  return { type, slot: new Slot(storageBytes(type.dtype, type.shape)) };
}

export function knownValue(tensor: HostTensor): Value {
  return { ...newValue({ dtype: tensor.dtype, shape: tensor.shape }), constant: tensor };
}

/** A spec of one op as a member of the union of all: the op and its attributes were paired when it was typed. */
function anySpec<O extends OpName>(spec: KernelSpec<O>): AnySpec {
  return spec as AnySpec;
}
