/** Writes ONNX graphs node by node, with seeded weights. */
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
  StringStringEntryProtoSchema,
  type TensorProto,
  toTensorProto,
  type ValueInfoProto,
} from "@bitbudget/onnx";
import { Random } from "../random.ts";

type Attributes = NonNullable<NodeFields["attributes"]>;

/** Values are named after the nodes that make them: readable names are what reports of a quantizer show. */
export class Builder {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** A node with one output, which has its name. Returns the name. */
  node(opType: string, name: string, inputs: readonly string[], attributes: Attributes = {}): string {
    this.#nodes.push(makeNode(opType, inputs, [name], { name, attributes }));
    return name;
  }

  constant(name: string, value: HostTensor): string {
    this.#initializers.push(toTensorProto(value, name));
    return name;
  }

  filled(name: string, shape: readonly number[], value: number): string {
    return this.constant(name, tensor("float32", shape, new Float32Array(elementCount(shape)).fill(value)));
  }

  int64(name: string, values: readonly number[]): string {
    return this.constant(name, tensor("int64", [values.length], BigInt64Array.from(values, BigInt)));
  }

  /** Nearly normal numbers around 0. */
  weight(name: string, shape: readonly number[], deviation: number): string {
    const values = Float32Array.from(
      { length: elementCount(shape) },
      () => this.#random.normal() * deviation,
    );
    return this.constant(name, tensor("float32", shape, values));
  }

  /** The model, of opset 21. `metadata` says what the numbers mean. */
  build(
    name: string,
    inputs: readonly ValueInfoProto[],
    outputs: readonly ValueInfoProto[],
    metadata: Readonly<Record<string, string>>,
  ): ModelProto {
    return create(ModelProtoSchema, {
      irVersion: 10n,
      producerName: "bitbudget-zoo",
      opsetImport: [{ domain: "", version: 21n }],
      metadataProps: Object.entries(metadata).map(([key, value]) =>
        create(StringStringEntryProtoSchema, { key, value }),
      ),
      graph: create(GraphProtoSchema, {
        name,
        input: [...inputs],
        output: [...outputs],
        initializer: this.#initializers,
        node: this.#nodes,
      }),
    });
  }
}

/** A float32 input or output whose first size is the batch. */
export function batched(name: string, ...shape: readonly number[]): ValueInfoProto {
  return makeValueInfo(name, "float32", ["batch", ...shape]);
}
