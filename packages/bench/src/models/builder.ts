/** Builds ONNX graphs of the shapes that people deploy, with seeded weights that keep activations of order one (He et al. 2015). */
import { elementCount, type HostTensor, tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeFields,
  type NodeProto,
  type TensorProto,
  toTensorProto,
} from "@bitbudget/onnx";
import { Random } from "../random.ts";

/** A value of the graph while it is built. Shapes are concrete: a batch of one. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

type Attributes = NonNullable<NodeFields["attributes"]>;

export class Builder {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: Value[] = [];
  readonly #random: Random;
  readonly #shared = new Map<string, Value>();
  #count = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  input(name: string, shape: readonly number[]): Value {
    const value = { name, shape };
    this.#inputs.push(value);
    return value;
  }

  /** A node with one output. Absent inputs are undefined. */
  node(
    opType: string,
    inputs: readonly (Value | undefined)[],
    shape: readonly number[],
    attributes: Attributes = {},
    domain = "",
  ): Value {
    return this.nodes(opType, inputs, [shape], attributes, domain)[0]!;
  }

  /** A node with several outputs. */
  nodes(
    opType: string,
    inputs: readonly (Value | undefined)[],
    shapes: readonly (readonly number[])[],
    attributes: Attributes = {},
    domain = "",
  ): Value[] {
    const name = `${opType}_${this.#count++}`;
    const outputs = shapes.map((shape, i) => ({ name: i === 0 ? `${name}_y` : `${name}_y${i}`, shape }));
    const names = inputs.map((input) => input?.name ?? "");
    this.#nodes.push(
      makeNode(
        opType,
        names,
        outputs.map((output) => output.name),
        { name, attributes, domain },
      ),
    );
    return outputs;
  }

  constant(value: HostTensor): Value {
    const name = `c_${this.#initializers.length}`;
    this.#initializers.push(toTensorProto(value, name));
    return { name, shape: value.shape };
  }

  /** Normal numbers of a standard deviation around a mean. */
  weight(shape: readonly number[], deviation: number, mean = 0): Value {
    return this.constant(tensor("float32", shape, this.#random.normal(elementCount(shape), deviation, mean)));
  }

  int64(...values: readonly number[]): Value {
    return this.shared(`int64 ${values}`, () =>
      this.constant(tensor("int64", [values.length], BigInt64Array.from(values, BigInt))),
    );
  }

  scalar(x: number): Value {
    return this.shared(`float32 ${x}`, () => this.constant(tensor("float32", [], [x])));
  }

  /** A value that is made once: constants, or the weights of layers that share them. */
  shared(key: string, make: () => Value): Value {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#shared.set(key, made);
    return made;
  }

  /** The model; standard operators of opset 20, which has Gelu and HardSwish. */
  build(outputs: readonly Value[]): ModelProto {
    return create(ModelProtoSchema, {
      irVersion: 9n,
      producerName: "bitbudget-bench",
      opsetImport: [
        { domain: "", version: 20n },
        { domain: "com.microsoft", version: 1n },
      ],
      graph: create(GraphProtoSchema, {
        name: "generated",
        input: this.#inputs.map(({ name, shape }) => makeValueInfo(name, "float32", shape)),
        output: outputs.map(({ name, shape }) => makeValueInfo(name, "float32", shape)),
        initializer: this.#initializers,
        node: this.#nodes,
      }),
    });
  }
}
