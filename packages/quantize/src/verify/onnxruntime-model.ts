/** A model as onnxruntime's JavaScript API can be asked for its values: more outputs, and formats that the API has. */
import { type DType, dtypes, isDType } from "@bitbudget/core";
import {
  copyModel,
  create,
  elementType,
  Graph,
  inferShapes,
  type ModelProto,
  makeNode,
  makeValueInfo,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "@bitbudget/onnx";
import { QuantizeError } from "../errors.ts";
import { standIn } from "./onnxruntime-tensors.ts";

export interface OrtModel {
  readonly model: ModelProto;
  /** Formats of the original's inputs that are fed as others. */
  readonly inputs: ReadonlyMap<string, DType>;
  /** For each output of `model`: the value of the original that it is, and its format where that is another one. */
  readonly outputs: ReadonlyMap<string, { readonly name: string; readonly dtype: DType | undefined }>;
}

/**
 * A copy with more outputs, in which values of formats that the API lacks are cast to ones that hold the same numbers.
 * Tensors are shared with the original.
 * @throws QuantizeError for a name that the main graph does not have
 */
export function ortModel(original: ModelProto, capture: readonly string[]): OrtModel {
  const model = copyModel(original);
  const graph = Graph.of(model);
  for (const name of capture) {
    if (!graph.defines(name))
      throw new QuantizeError(`${JSON.stringify(name)} is no value of the main graph; it cannot be captured`);
    // Without a type: onnxruntime infers it, and refuses a wrong one.
    if (!graph.isOutput(name)) graph.proto.output.push(create(ValueInfoProtoSchema, { name }));
  }
  graph.refresh();
  const typeOf = types(model);
  const inputs = new Map<string, DType>();
  for (const [i, info] of graph.proto.input.entries()) {
    const dtype = typeOf(info);
    const other = dtype && standIn(dtype);
    if (other === undefined || graph.initializers.has(info.name)) continue;
    castInput(graph, i, info, dtype!, other);
    inputs.set(info.name, dtype!);
  }
  const outputs = new Map<string, { name: string; dtype: DType | undefined }>();
  for (const [i, info] of graph.proto.output.entries()) {
    const dtype = typeOf(info);
    const other = dtype && standIn(dtype);
    if (other === undefined) {
      outputs.set(info.name, { name: info.name, dtype: undefined });
      continue;
    }
    const cast = graph.uniqueName(`${info.name}_as_${other}`);
    graph.insert(makeNode("Cast", [info.name], [cast], { name: cast, attributes: to(other) }));
    graph.proto.output[i] = makeValueInfo(cast, other);
    outputs.set(cast, { name: info.name, dtype });
  }
  return { model, inputs, outputs };
}

function castInput(graph: Graph, i: number, info: ValueInfoProto, dtype: DType, other: DType): void {
  const inside = graph.uniqueName(`${info.name}_as_${dtype}`);
  const cast = makeNode("Cast", [info.name], [inside], { name: inside, attributes: to(dtype) });
  graph.replaceAllUses(info.name, inside);
  graph.insert(cast, graph.nodes[0] === undefined ? {} : { before: graph.nodes[0] });
  const type = info.type?.value;
  const shape = type?.case === "tensorType" ? type.value.shape : undefined;
  const declared = makeValueInfo(info.name, other);
  if (declared.type?.value.case === "tensorType" && shape !== undefined)
    declared.type.value.value.shape = shape;
  graph.proto.input[i] = declared;
}

function to(dtype: DType): { to: bigint } {
  return { to: BigInt(dtypes[dtype].onnx) };
}

/** Formats of inputs and outputs as declared, else as they follow from the nodes. */
function types(model: ModelProto): (info: ValueInfoProto) => DType | undefined {
  let inferred: ReturnType<typeof inferShapes>["types"] | undefined;
  return ({ name, type }) => {
    const declared = type?.value.case === "tensorType" ? elementType(type.value.value.elemType) : undefined;
    if (isDType(declared)) return declared;
    inferred ??= inferredTypes(model);
    const found = inferred.get(name);
    return found?.kind === "tensor" && isDType(found.dtype) ? found.dtype : undefined;
  };
}

function inferredTypes(model: ModelProto): ReturnType<typeof inferShapes>["types"] {
  try {
    return inferShapes(model).types;
  } catch {
    // A model that contradicts itself: onnxruntime has its own word for that.
    return new Map();
  }
}
