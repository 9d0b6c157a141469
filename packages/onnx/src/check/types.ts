/** Declared types of values: a known element type, and sizes that are not negative and do not overflow. */
import {
  DataTypeError,
  MissingFieldError,
  type OnnxError,
  type Place,
  quote,
  TensorError,
} from "../errors.ts";
import { subgraphsOf } from "../graph/scope.ts";
import type { GraphProto, TensorShapeProto, TypeProto, ValueInfoProto } from "../proto.ts";
import { elementType } from "../tensor/formats.ts";

/** Problems with the types that a graph declares, and the graphs inside it. Only the main graph's must be complete. */
export function* typeProblems(graph: GraphProto, isMain = true): Generator<OnnxError> {
  for (const info of graph.input) yield* infoProblems(info, graph, isMain);
  for (const info of graph.output) yield* infoProblems(info, graph, isMain);
  for (const info of graph.valueInfo) yield* infoProblems(info, graph, false);
  for (const node of graph.node) {
    for (const inner of subgraphsOf(node)) yield* typeProblems(inner, false);
  }
}

function* infoProblems(info: ValueInfoProto, graph: GraphProto, required: boolean): Generator<OnnxError> {
  const place = { graph: graph.name, value: info.name };
  if (info.type?.value.case !== undefined) yield* oneType(info.type, place);
  else if (required) {
    yield new MissingFieldError(
      "type",
      `${quote(info.name)} has no type; callers must know what to feed it`,
      place,
    );
  }
}

function* oneType(type: TypeProto, place: Place): Generator<OnnxError> {
  const { value } = type;
  switch (value.case) {
    case "tensorType":
    case "sparseTensorType": {
      const { elemType, shape } = value.value;
      if (elementType(elemType) === undefined) {
        const detail = `${quote(place.value ?? "")} has element type ${elemType}; set one of TensorProto.DataType`;
        yield new DataTypeError(elemType, detail, place);
      }
      const problem = shape === undefined ? undefined : shapeProblem(shape);
      if (problem !== undefined) yield new TensorError(place.value ?? "", problem);
      break;
    }
    case "sequenceType":
    case "optionalType":
      if (value.value.elemType !== undefined) yield* oneType(value.value.elemType, place);
      break;
    case "mapType":
      if (value.value.valueType !== undefined) yield* oneType(value.value.valueType, place);
      break;
  }
}

function shapeProblem(shape: TensorShapeProto): string | undefined {
  let elements = 1n;
  for (const [axis, { value }] of shape.dim.entries()) {
    if (value.case !== "dimValue") continue;
    // -1 stands for an unknown size in files of some exporters.
    if (value.value < -1n) return `dimension ${axis} is ${value.value}; use a size, a symbol or nothing`;
    if (value.value > 0n) elements *= value.value;
  }
  return elements <= BigInt(Number.MAX_SAFE_INTEGER)
    ? undefined
    : "its declared shape has more elements than a 53-bit count holds; correct it";
}
