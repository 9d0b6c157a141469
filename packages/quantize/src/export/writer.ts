/** Adds nodes and constants to a graph under names of their own. Nodes go to the end: the graph is sorted afterwards. */
import { type DType, elementCount, type HostTensor, tensor } from "@bitbudget/core";
import { type AttributeValue, type Graph, makeNode, toTensorProto } from "@bitbudget/onnx";

export interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Name of the node. Default: none, so that it goes by the name of its first output. */
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
  number(base: string, dtype: Exclude<DType, "int64" | "uint64">, value: number): string {
    const key = `${base} ${dtype} ${value}`;
    const name = this.#numbers.get(key) ?? this.constant(base, tensor(dtype, [], [value]));
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
    this.graph.insert(makeNode(opType, trimmed(inputs), outputs, options));
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
