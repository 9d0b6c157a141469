/** Types and shapes of all values of a model: what goes in, the pass over its nodes, and what is known then. */
import { InferenceError, quote } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import {
  create,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "../proto.ts";
import { storedValue } from "./contents.ts";
import type { MaybeDim } from "./dim.ts";
import { Pass } from "./pass.ts";
import { declaredValue, givenShape, typeProto, type ValueType, valueType } from "./types.ts";
import type { Shape, Value } from "./value.ts";

export interface InferOptions {
  /**
   * Shapes of graph inputs, instead of the declared ones. A number in the place of a declared symbol fixes that symbol
   * in all inputs; a string is the name of a symbol.
   */
  readonly inputs?: Readonly<Record<string, readonly (number | string)[]>>;
}

export interface Inference {
  /** Types of the values that the main graph defines, by name. */
  readonly types: ReadonlyMap<string, ValueType>;
  /** Types of the values that a graph of the model defines: the main one, or one inside a node. */
  typesOf(graph: GraphProto): ReadonlyMap<string, ValueType>;
  /** Nodes whose operator has no rule here; what they make is known as far as the file declares it. */
  readonly unknown: readonly NodeProto[];
  /** Declarations of the file that contradict its operators, which were believed instead. */
  readonly conflicts: readonly InferenceError[];
}

const passes = new WeakMap<Inference, Pass>();

/**
 * Infers types and shapes, with sizes that are not known as symbols and expressions of them. Sizes that travel through
 * small integer tensors (Shape, Gather, Concat, Reshape and all between them) are followed. The model is not changed.
 *
 * Covered are the standard operators of opsets 7 to 28 and those of com.microsoft that quantized models use.
 * @throws InferenceError when an operator cannot take what it is given, naming the node
 * @throws AttributeError for an attribute that is missing or of another type, CycleError for a graph without an order
 */
export function inferShapes(model: ModelProto, options: InferOptions = {}): Inference {
  const { proto } = Graph.of(model);
  const pass = new Pass(model);
  pass.main(proto, inputValues(model, proto, options.inputs ?? {}));
  const typesOf = (graph: GraphProto) =>
    new Map(Array.from(pass.graphs.get(graph) ?? [], ([name, value]) => [name, valueType(value)]));
  const inference = { types: typesOf(proto), typesOf, unknown: [...pass.unknown], conflicts: pass.conflicts };
  passes.set(inference, pass);
  return inference;
}

/** Writes what was inferred into `value_info` of the graph and of all graphs inside, and completes the types of outputs. */
export function annotateTypes(inference: Inference): void {
  for (const [graph, values] of passes.get(inference)?.graphs ?? []) {
    const listed = new Set([...graph.input, ...graph.output].map(({ name }) => name));
    const constants = new Set(graph.initializer.map(({ name }) => name));
    for (const output of graph.output) complete(output, values.get(output.name));
    graph.valueInfo = [];
    for (const [name, value] of values) {
      if (listed.has(name) || constants.has(name)) continue;
      const info = create(ValueInfoProtoSchema, { name });
      complete(info, value);
      if (info.type !== undefined) graph.valueInfo.push(info);
    }
  }
}

function complete(info: ValueInfoProto, value: Value | undefined): void {
  const type = value === undefined ? undefined : typeProto(value);
  if (type === undefined) return;
  if (info.type?.denotation) type.denotation = info.type.denotation;
  info.type = type;
}

/** What goes into the main graph. Before IR version 4 inputs that are initializers are constants. */
function inputValues(
  model: ModelProto,
  graph: GraphProto,
  given: NonNullable<InferOptions["inputs"]>,
): Map<string, Value> {
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const fixed = new Map<string, MaybeDim>();
  const values = new Map<string, Value>();
  for (const name of Object.keys(given)) {
    if (!graph.input.some((input) => input.name === name)) {
      throw new InferenceError(`the graph has no input ${quote(name)} to give a shape`, { value: name });
    }
  }
  for (const { name, type } of graph.input) {
    const constant = constants.get(name);
    if (constant !== undefined && model.irVersion < 4n) continue;
    const declared = declaredValue(type);
    const shape = Object.hasOwn(given, name) ? givenShape(given[name]!) : undefined;
    if (shape !== undefined) fixSymbols(name, declared.shape, shape, fixed);
    const stored = constant === undefined ? undefined : storedValue(constant);
    const merged = {
      ...declared,
      dtype: declared.dtype ?? stored?.dtype,
      shape: shape ?? declared.shape ?? stored?.shape,
    };
    values.set(name, merged);
  }
  for (const [name, value] of values) {
    values.set(name, { ...value, shape: value.shape?.map((dim) => fixed.get(String(dim)) ?? dim) });
  }
  return values;
}

function fixSymbols(
  name: string,
  declared: Shape | undefined,
  given: Shape,
  fixed: Map<string, MaybeDim>,
): void {
  const fail = (): never => {
    const texts = [given, declared ?? []].map((shape) => `[${shape.join(", ")}]`);
    throw new InferenceError(`input ${quote(name)} is given the shape ${texts[0]} and declared ${texts[1]}`, {
      value: name,
    });
  };
  if (declared === undefined) return;
  if (declared.length !== given.length) fail();
  for (const [axis, dim] of declared.entries()) {
    const size = given[axis];
    if (typeof dim === "number" && typeof size === "number" && dim !== size) fail();
    if (typeof dim !== "object") continue;
    const before = fixed.get(dim.text);
    if (before !== undefined && String(before) !== String(size)) fail();
    fixed.set(dim.text, size);
  }
}
