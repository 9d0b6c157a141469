/**
 * The graph of one training step while it is built: an ordinary ONNX graph in which the type of every value is known,
 * and a tape of what was emitted, in order, that the backward pass goes through in reverse.
 */
import {
  type DType,
  elementCount,
  type HostTensor,
  type TensorType,
  tensor,
  valuesOf,
} from "@bitbudget/core";
import {
  clone,
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeFields,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  toTensorProto,
  type ValueInfoProto,
} from "@bitbudget/onnx";
import { INTERNAL } from "@bitbudget/runtime";
import type { GradientRule } from "../gradients/rule.ts";
import type { DropoutMask } from "../operators/dropout.ts";

/** A value of the graph. */
export interface Value extends TensorType {
  readonly name: string;
}

export type Attributes = NonNullable<NodeFields["attributes"]>;

/** Something that was computed, and how its gradient is found. */
export interface TapeEntry {
  readonly node: NodeProto;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  /** Where the gradient is not that of the operator. */
  readonly rule?: GradientRule;
}

/** Version of the standard operators in the graphs of training steps, of models that are not newer. */
const OPSET = 21;

export class Builder {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  readonly #taken = new Set<string>();
  readonly #contents = new Map<string, readonly number[]>();
  readonly #shared = new Map<string, Value>();
  /** What was computed, in order. */
  readonly tape: TapeEntry[] = [];
  /** New contents of inputs that change with every step without a gradient: the statistics of normalizations. */
  readonly updates = new Map<string, Value>();
  /** What has to be drawn for every step. */
  readonly masks: DropoutMask[] = [];
  readonly #opset: number;
  #within: string | undefined;

  constructor(opset = OPSET) {
    this.#opset = opset;
  }

  /** Keeps names free for those who ask for them by name later. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#taken.add(name);
  }

  isTaken(name: string): boolean {
    return this.#taken.has(name);
  }

  uniqueName(base: string): string {
    let name = base;
    for (let i = 1; name === "" || this.#taken.has(name); i++) name = `${base}_${i}`;
    this.#taken.add(name);
    return name;
  }

  /** Something to feed in every step. */
  input(name: string, { dtype, shape }: TensorType): Value {
    this.#inputs.push(makeValueInfo(name, dtype, shape));
    this.#taken.add(name);
    return { name, dtype, shape };
  }

  /** What to multiply by in a step: zeros with a probability, drawn anew each time. */
  mask(type: TensorType, ratio: number): Value {
    const made = this.input(this.uniqueName("mask"), type);
    this.masks.push({ ...made, ratio });
    return made;
  }

  /** A result of the step. */
  output({ name, dtype, shape }: Value): void {
    if (this.#outputs.some((output) => output.name === name)) return;
    this.#outputs.push(makeValueInfo(name, dtype, shape));
  }

  initializer(name: string, value: HostTensor): Value {
    this.#initializers.push(toTensorProto(value, name));
    this.#taken.add(name);
    if (elementCount(value.shape) <= SMALL) this.#contents.set(name, Array.from(valuesOf(value)));
    return { name, dtype: value.dtype, shape: value.shape };
  }

  constant(value: HostTensor): Value {
    return this.initializer(this.uniqueName("constant"), value);
  }

  scalar(x: number, dtype: DType): Value {
    return this.#once(`${dtype} ${Object.is(x, -0) ? "-0" : x}`, () => this.constant(number(x, dtype)));
  }

  ints(numbers: readonly number[]): Value {
    return this.#once(`int64 [${numbers}]`, () =>
      this.constant(tensor("int64", [numbers.length], BigInt64Array.from(numbers, BigInt))),
    );
  }

  /** Elements of a small value that follow from constants and shapes alone. */
  content({ name }: Value): readonly number[] | undefined {
    return this.#contents.get(name);
  }

  /** Says what is known of a value that was emitted. */
  setContent({ name }: Value, content: readonly number[]): void {
    this.#contents.set(name, content);
  }

  /** Nodes that are emitted meanwhile have this name: plans and profiles show what they are part of. */
  within<T>(name: string, emit: () => T): T {
    const outer = this.#within;
    this.#within = name;
    try {
      return emit();
    } finally {
      this.#within = outer;
    }
  }

  /** A node of which the types of the outputs are given. `undefined` stands for an input that is left out. */
  emit(
    opType: string,
    inputs: readonly (Value | undefined)[],
    types: readonly TensorType[],
    attributes: Attributes = {},
    domain = "",
  ): Value[] {
    const outputs = types.map(({ dtype, shape }) => ({ name: this.uniqueName(opType), dtype, shape }));
    const names = inputs.map((input) => input?.name ?? "");
    const node = makeNode(
      opType,
      names,
      outputs.map(({ name }) => name),
      { name: this.#within ?? outputs[0]?.name ?? opType, attributes, domain },
    );
    this.#nodes.push(node);
    this.tape.push({ node, inputs, outputs });
    return outputs;
  }

  /** A node of the internal domain, with one output. */
  internal(
    opType: string,
    inputs: readonly (Value | undefined)[],
    type: TensorType,
    attributes: Attributes = {},
  ): Value {
    return this.emit(opType, inputs, [type], attributes, INTERNAL)[0]!;
  }

  /** Takes a node of another graph. Its outputs keep their names, its inputs may have others here. */
  adopt(given: NodeProto, inputs: readonly (Value | undefined)[], outputs: readonly Value[]): void {
    const names = inputs.map((input) => input?.name ?? "");
    const node = names.every((name, i) => name === given.input[i]) ? given : clone(NodeProtoSchema, given);
    if (node !== given) node.input = names;
    this.#nodes.push(node);
    for (const name of node.output) this.#taken.add(name);
    this.tape.push({ node, inputs, outputs });
  }

  /**
   * What `make` emits is one entry of the tape, with a gradient of its own.
   * @param node whose name errors give
   */
  custom(
    node: NodeProto,
    inputs: readonly (Value | undefined)[],
    make: () => readonly Value[],
    rule: GradientRule,
  ): readonly Value[] {
    const start = this.tape.length;
    const outputs = node.name === "" ? make() : this.within(node.name, make);
    this.tape.length = start;
    this.tape.push({ node, inputs, outputs, rule });
    return outputs;
  }

  /** The graph as a model. */
  build(name: string): ModelProto {
    return create(ModelProtoSchema, {
      irVersion: 10n,
      producerName: "bitbudget",
      opsetImport: [
        { domain: "", version: BigInt(this.#opset) },
        { domain: "com.microsoft", version: 1n },
        { domain: INTERNAL, version: 1n },
      ],
      graph: create(GraphProtoSchema, {
        name,
        input: this.#inputs,
        output: this.#outputs,
        initializer: this.#initializers,
        node: this.#nodes,
      }),
    });
  }

  #once(key: string, make: () => Value): Value {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#shared.set(key, made);
    return made;
  }
}

/** Larger contents are weights. */
const SMALL = 64;

function number(x: number, dtype: DType): HostTensor {
  return dtype === "int64" ? tensor(dtype, [], [BigInt(x)]) : tensor(dtype, [], [x]);
}
