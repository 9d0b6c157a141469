/** Adds nodes and constants to a graph under names of their own. Nodes go to the end: the graph is sorted afterwards. */
import { type DType, elementCount, type HostTensor, tensor } from "@bitbudget/core";
import { type AttributeValue, type Graph, makeNode, toTensorProto } from "@bitbudget/onnx";

export interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Name of the node. Default: that of its first output. */
  readonly name?: string;
}

export const MICROSOFT = "com.microsoft";

export class Writer {
  readonly graph: Graph;
  readonly #numbers = new Map<string, string>();

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** Name of a new constant. */
  constant(base: string, value: HostTensor): string {
    const name = this.graph.uniqueName(base);
    this.graph.initializers.set(toTensorProto(value, name));
    return name;
  }

  /** Name of a constant without dimensions; equal ones are one. */
  number(base: string, dtype: DType, value: number): string {
    const key = `${base}|${dtype}|${value}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const scalar = tensor(dtype, [1], dtype === "int64" ? BigInt64Array.of(BigInt(value)) : [value]);
    const name = this.constant(base, { ...scalar, shape: [] });
    this.#numbers.set(key, name);
    return name;
  }

  /** Name of the output of a new node. */
  node(opType: string, inputs: readonly string[], base: string, options: NodeOptions = {}): string {
    const output = this.graph.uniqueName(base);
    this.insert(opType, inputs, [output], options);
    return output;
  }

  /** A node that makes values of given names. Inputs that are left out at the end are dropped. */
  insert(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    options: NodeOptions = {},
  ): void {
    const { domain = "", attributes = {}, name = outputs[0] ?? "" } = options;
    this.graph.insert(makeNode(opType, trimmed(inputs), outputs, { name, domain, attributes }));
  }
}

/** Inputs that are left out at the end are not written. */
export function trimmed(inputs: readonly string[]): string[] {
  return inputs.slice(0, inputs.findLastIndex((input) => input !== "") + 1);
}

/** A tensor under another shape of as many elements. */
export function reshaped(value: HostTensor, shape: readonly number[]): HostTensor {
  if (elementCount(shape) !== elementCount(value.shape))
    throw new RangeError(`[${value.shape.join(", ")}] has not as many elements as [${shape.join(", ")}]`);
  return { ...value, shape };
}
