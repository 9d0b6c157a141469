/** What it takes to say in one opset what a node said in the one before it. */
import { type DType, type HostTensor, isDType } from "@bitbudget/core";
import { OpsetError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { nodeName, placeOf } from "../graph/place.ts";
import type { ValueType } from "../inference/types.ts";
import type { NodeProto } from "../proto.ts";
import { toTensorProto } from "../tensor/write.ts";

/** Changes a node, or puts others in its place. */
export type Adapter = (edit: NodeEdit) => void;

export class NodeEdit {
  readonly graph: Graph;
  readonly node: NodeProto;
  readonly #types: ReadonlyMap<string, ValueType>;
  readonly #opset: number;

  /** @param types of the values of the graph, as far as they are known */
  constructor(graph: Graph, node: NodeProto, types: ReadonlyMap<string, ValueType>, opset: number) {
    this.graph = graph;
    this.node = node;
    this.#types = types;
    this.#opset = opset;
  }

  /** Number of axes of an input, if it is known. */
  rank(i: number): number | undefined {
    return this.#tensor(i)?.shape?.length;
  }

  /** @throws OpsetError where it is not known */
  dtype(i: number): DType {
    const dtype = this.#tensor(i)?.dtype;
    if (dtype !== undefined && isDType(dtype)) return dtype;
    return this.fail(
      `the format of its input ${JSON.stringify(this.node.input[i])} is not known; declare it`,
    );
  }

  /** A constant, and its name. */
  constant(name: string, value: HostTensor): string {
    const unique = this.graph.uniqueName(`${nodeName(this.node)}_${name}`);
    this.graph.initializers.set(toTensorProto(value, unique));
    return unique;
  }

  /** Whether anything reads an output. */
  uses(output: number): boolean {
    const name = this.node.output[output] ?? "";
    return name !== "" && (this.graph.isOutput(name) || this.graph.consumers(name).length > 0);
  }

  fail(detail: string): never {
    const { node } = this;
    throw new OpsetError(
      node.domain,
      `node ${JSON.stringify(nodeName(node))} (${node.opType}) cannot be taken to opset ${this.#opset}: ${detail}`,
      placeOf(node),
    );
  }

  #tensor(i: number) {
    const type = this.#types.get(this.node.input[i] ?? "");
    return type?.kind === "tensor" ? type : undefined;
  }
}
