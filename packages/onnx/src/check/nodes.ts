/** Nodes name an operator whose domain is imported, and attributes hold what their type says, once each. */
import {
  AttributeError,
  DuplicateNameError,
  MissingFieldError,
  type OnnxError,
  OpsetError,
  quote,
} from "../errors.ts";
import { canonicalDomain, opsetVersions } from "../graph/opsets.ts";
import { placeOf } from "../graph/place.ts";
import { subgraphsOf } from "../graph/scope.ts";
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  create,
  type FunctionProto,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  type NodeProto,
} from "../proto.ts";
import { nameProblems } from "./names.ts";

/** Problems with the operator sets, functions and nodes of a model. */
export function* nodeProblems(model: ModelProto): Generator<OnnxError> {
  const versions = opsetVersions(model.opsetImport);
  if (model.opsetImport.length === 0 && model.irVersion >= 3n) {
    yield new OpsetError("", "the model imports no operator set; add the version its nodes were written for");
  }
  const seen = new Set<string>();
  for (const { domain, version } of model.opsetImport) {
    const name = canonicalDomain(domain);
    if (seen.has(name))
      yield new OpsetError(domain, `domain ${quote(domain)} is imported twice; keep one version`);
    if (version < 1n)
      yield new OpsetError(domain, `domain ${quote(domain)} has version ${version}; versions start at 1`);
    seen.add(name);
  }
  if (model.graph !== undefined) yield* graphProblems(model.graph, versions, false);
  for (const func of model.functions) yield* functionProblems(func);
}

function* functionProblems(func: FunctionProto): Generator<OnnxError> {
  const place = { graph: func.name };
  if (func.name === "" || func.domain === "") {
    yield new MissingFieldError("functions.name", "a function needs a name and a domain; set both", place);
  }
  const versions = opsetVersions(func.opsetImport);
  for (const node of func.node) yield* oneNode(node, versions, true);
  // A function is a graph whose inputs and outputs have no types.
  const named = (name: string) => ({ name });
  const { name, node, input, output } = func;
  const body = { name, node, input: input.map(named), output: output.map(named) };
  yield* nameProblems(create(GraphProtoSchema, body));
}

function* graphProblems(graph: GraphProto, versions: Versions, inFunction: boolean): Generator<OnnxError> {
  for (const node of graph.node) yield* oneNode(node, versions, inFunction);
}

function* oneNode(node: NodeProto, versions: Versions, inFunction: boolean): Generator<OnnxError> {
  const place = placeOf(node);
  if (node.opType === "")
    yield new MissingFieldError("op_type", "a node has no operator; set op_type", place);
  if (!versions.has(canonicalDomain(node.domain)) && versions.size > 0) {
    const detail = `node ${quote(place.node ?? "")} is of domain ${quote(node.domain)}, which is not imported; add it to opset_import`;
    yield new OpsetError(node.domain, detail, place);
  }
  const names = new Set<string>();
  for (const attribute of node.attribute) {
    if (names.has(attribute.name)) {
      const detail = `attribute ${quote(attribute.name)} of node ${quote(place.node ?? "")} is there twice; keep one`;
      yield new DuplicateNameError(detail, place);
    }
    names.add(attribute.name);
    const problem = attributeProblem(attribute, inFunction);
    if (problem !== undefined) yield new AttributeError(attribute.name, problem, place);
  }
  for (const inner of subgraphsOf(node)) yield* graphProblems(inner, versions, inFunction);
}

type Versions = ReadonlyMap<string, number>;

/** Which fields an attribute may have beside its name, by its type. */
const fieldOf: Readonly<Record<number, (attribute: AttributeProto) => boolean>> = {
  [AttributeType.FLOAT]: (a) => Object.hasOwn(a, "f"),
  [AttributeType.INT]: (a) => Object.hasOwn(a, "i"),
  [AttributeType.STRING]: (a) => Object.hasOwn(a, "s"),
  [AttributeType.TENSOR]: (a) => a.t !== undefined,
  [AttributeType.GRAPH]: (a) => a.g !== undefined,
  [AttributeType.SPARSE_TENSOR]: (a) => a.sparseTensor !== undefined,
  [AttributeType.TYPE_PROTO]: (a) => a.tp !== undefined,
  [AttributeType.FLOATS]: (a) => a.floats.length > 0,
  [AttributeType.INTS]: (a) => a.ints.length > 0,
  [AttributeType.STRINGS]: (a) => a.strings.length > 0,
  [AttributeType.TENSORS]: (a) => a.tensors.length > 0,
  [AttributeType.GRAPHS]: (a) => a.graphs.length > 0,
  [AttributeType.SPARSE_TENSORS]: (a) => a.sparseTensors.length > 0,
  [AttributeType.TYPE_PROTOS]: (a) => a.typeProtos.length > 0,
};

/** Types whose field must be filled: a list may be empty, and writers without presence leave zeros out. */
const needed: ReadonlySet<number> = new Set([
  AttributeType.TENSOR,
  AttributeType.GRAPH,
  AttributeType.SPARSE_TENSOR,
  AttributeType.TYPE_PROTO,
]);

function attributeProblem(attribute: AttributeProto, inFunction: boolean): string | undefined {
  if (attribute.name === "") return "has no name; set one";
  const { type, refAttrName } = attribute;
  const filled = Object.keys(fieldOf)
    .map(Number)
    .filter((one) => fieldOf[one]!(attribute));
  if (refAttrName !== "") {
    if (!inFunction)
      return `refers to ${quote(refAttrName)}, but only nodes of functions can; give it a value`;
    return filled.length > 0 ? "has both a value and a reference; clear one of them" : undefined;
  }
  if (type === AttributeType.UNDEFINED) return filled.length === 1 ? undefined : "has no type; set it";
  if (fieldOf[type] === undefined) return undefined;
  if (filled.some((one) => one !== type))
    return "holds a value of another type than it says; clear one of them";
  return filled.length === 0 && needed.has(type) ? "has no value; set it" : undefined;
}
