/**
 * How a quantizer is trained travels with the file, in the metadata of its QuantizeLinear node: other runtimes do not
 * look at it, and the model stays an ordinary ONNX model.
 */
import { create, type Graph, type NodeProto, StringStringEntryProtoSchema } from "@bitbudget/onnx";
import type { QuantizerMethod } from "../operators/quantizer.ts";
import { TRAINED } from "../parameters.ts";

const METHOD = "bitbudget.quantizer";
const TENSOR = "bitbudget.tensor";

export interface QuantizerMark {
  readonly method: QuantizerMethod;
  /** Whether the tensor is an activation, with a batch, rather than a weight. */
  readonly isActivation: boolean;
}

export function markQuantizer(node: NodeProto, { method, isActivation }: QuantizerMark): void {
  const entries = { [METHOD]: method, [TENSOR]: isActivation ? "activation" : "weight" };
  node.metadataProps = [
    ...node.metadataProps.filter(({ key }) => !Object.hasOwn(entries, key)),
    ...Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  ];
}

/** Of a quantizer that nothing is said of, the scale is not trained. */
export function quantizerMark(node: NodeProto): QuantizerMark {
  const find = (name: string) => node.metadataProps.find(({ key }) => key === name)?.value;
  const method = find(METHOD);
  return {
    method: method === "lsq" || method === "pact" ? method : "fixed",
    isActivation: find(TENSOR) !== "weight",
  };
}

/** Whether training changes nothing of a quantizer that was made by this package. */
export function hasMark(node: NodeProto): boolean {
  return node.metadataProps.some(({ key }) => key === METHOD);
}

/** Marks an initializer as one that is trained by default, or not. */
export function markTrained(graph: Graph, name: string, trained = true): void {
  const tensor = graph.initializers.get(name);
  if (tensor === undefined) return;
  const entry = create(StringStringEntryProtoSchema, { key: TRAINED, value: String(trained) });
  tensor.metadataProps = [...tensor.metadataProps.filter(({ key }) => key !== TRAINED), entry];
}

/** Takes the metadata of training away. */
export function unmark(node: NodeProto): void {
  node.metadataProps = node.metadataProps.filter(({ key }) => key !== METHOD && key !== TENSOR);
}

export function unmarkTrained(graph: Graph): void {
  for (const tensor of graph.initializers)
    tensor.metadataProps = tensor.metadataProps.filter(({ key }) => key !== TRAINED);
}
