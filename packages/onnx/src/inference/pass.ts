/**
 * One walk through a model that infers each node from its inputs.
 *
 * A size that depends on data gets a symbol of its own, named after the value and the axis, so that what is computed
 * from it can still be compared. Symbols born in a subgraph carry a prime for each graph around it, and end with it.
 */
import { InferenceError, quote } from "../errors.ts";
import { canonicalDomain, opsetVersions } from "../graph/opsets.ts";
import { topologicalOrder } from "../graph/order.ts";
import { placeOf } from "../graph/place.ts";
import type { FunctionProto, GraphProto, ModelProto, NodeProto } from "../proto.ts";
import { storedValue } from "./contents.ts";
import { type MaybeDim, symbol } from "./dim.ts";
import { functionBody, functionKey } from "./functions.ts";
import { Op } from "./op.ts";
import { ruleFor } from "./rules.ts";
import { Scope } from "./scope.ts";
import { declaredValue } from "./types.ts";
import { refine, tensor, unknown, type Value } from "./value.ts";

/**
 * Loops inside loops and functions inside functions multiply. After so many nodes and declarations of inner graphs the
 * insides of further ones stay unknown.
 */
const MOST_INNER_WORK = 500_000;

/** Functions that call each other in a circle end here. */
const DEEPEST_CALL = 50;

/** A file can contradict itself more often than anybody reads. */
const MOST_CONFLICTS = 1000;

/** What a graph is inferred with. */
interface Frame {
  readonly scope: Scope;
  /** Operator versions by domain: those of the model, or of a function. */
  readonly versions: ReadonlyMap<string, number>;
  /** What the graph declares of its values. */
  readonly declared: ReadonlyMap<string, Value>;
}

export class Pass {
  /** What is known of the values that each graph defines. */
  readonly graphs = new Map<GraphProto, ReadonlyMap<string, Value>>();
  /** Nodes without a rule. */
  readonly unknown = new Set<NodeProto>();
  /** Where a file declares something else than its operators make. */
  readonly conflicts: InferenceError[] = [];
  private readonly functions: ReadonlyMap<string, FunctionProto>;
  private readonly versions: ReadonlyMap<string, number>;
  private innerWork = 0;

  constructor(model: ModelProto) {
    this.functions = new Map(model.functions.map((f) => [functionKey(f.domain, f.name, f.overload), f]));
    this.versions = opsetVersions(model.opsetImport);
  }

  /** The main graph. @param inputs what goes in, by name */
  main(graph: GraphProto, inputs: ReadonlyMap<string, Value>): void {
    const scope = new Scope(0);
    for (const [name, value] of inputs) scope.set(name, value);
    this.graph(graph, scope, this.versions);
  }

  private graph(graph: GraphProto, scope: Scope, versions: ReadonlyMap<string, number>): Value[] {
    const declared = new Map<string, Value>();
    for (const { name, type } of [...graph.valueInfo, ...graph.output]) {
      if (type !== undefined) declared.set(name, declaredValue(type));
    }
    for (const proto of graph.initializer) {
      // An initializer that is an input too is a default: its contents may be others.
      if (!scope.values.has(proto.name)) scope.set(proto.name, storedValue(proto));
    }
    for (const { values, dims } of graph.sparseInitializer) {
      if (values !== undefined) scope.set(values.name, tensor(storedValue(values).dtype, dims.map(Number)));
    }
    for (const [name, value] of scope.values) scope.set(name, withSymbols(name, value, scope.depth));
    this.graphs.set(graph, scope.values);
    for (const node of topologicalOrder(graph)) this.node(node, { scope, versions, declared });
    return graph.output.map(({ name }) => scope.get(name) ?? unknown);
  }

  private node(node: NodeProto, frame: Frame): void {
    const { scope } = frame;
    const inputs = node.input.map((name) => (name === "" ? undefined : scope.get(name)));
    const outputs = this.outputs(node, inputs, frame);
    for (const [i, name] of node.output.entries()) {
      if (name === "") continue;
      const inferred = outputs[i] ?? unknown;
      const declared = frame.declared.get(name);
      this.compare(node, name, inferred, declared);
      scope.set(name, withSymbols(name, refine(inferred, declared), scope.depth));
    }
  }

  private outputs(node: NodeProto, inputs: readonly (Value | undefined)[], frame: Frame): readonly Value[] {
    const func = this.functions.get(functionKey(node.domain, node.opType, node.overload));
    if (func !== undefined) return this.call(func, node, inputs, frame);
    const rule = ruleFor(node.domain, node.opType);
    if (rule === undefined) {
      this.unknown.add(node);
      return [];
    }
    const version = frame.versions.get(canonicalDomain(node.domain)) ?? 1;
    return rule(new Op(node, version, inputs, (graph, given) => this.subgraph(graph, given, frame)));
  }

  private subgraph(graph: GraphProto, given: readonly Value[], frame: Frame): Value[] {
    if (this.isExhausted(graph)) return [];
    const scope = new Scope(frame.scope.depth + 1, frame.scope);
    for (const [i, { name, type }] of graph.input.entries()) {
      scope.set(name, refine(given[i] ?? unknown, declaredValue(type)));
    }
    return this.graph(graph, scope, frame.versions).map((value) => withoutSymbols(value, scope.depth));
  }

  /** A function sees nothing but its inputs. */
  private call(
    func: FunctionProto,
    node: NodeProto,
    inputs: readonly (Value | undefined)[],
    frame: Frame,
  ): Value[] {
    if (frame.scope.depth > DEEPEST_CALL || this.isExhausted(func)) return [];
    const body = functionBody(func, node);
    const scope = new Scope(frame.scope.depth + 1);
    for (const [i, name] of func.input.entries()) scope.set(name, inputs[i] ?? unknown);
    const versions = func.opsetImport.length > 0 ? opsetVersions(func.opsetImport) : frame.versions;
    return this.graph(body, scope, versions).map((value) => withoutSymbols(value, scope.depth));
  }

  private isExhausted({ node, valueInfo, input, output }: GraphProto | FunctionProto): boolean {
    this.innerWork += 1 + node.length + valueInfo.length + input.length + output.length;
    return this.innerWork > MOST_INNER_WORK;
  }

  private compare(node: NodeProto, name: string, inferred: Value, declared: Value | undefined): void {
    const differ = (what: string, is: unknown, says: unknown): void => {
      const detail = `node ${quote(placeOf(node).node ?? "")} makes ${quote(name)} of ${what} ${is}, but the file declares ${says}`;
      this.conflicts.push(
        new InferenceError(`${detail}; correct or remove the declaration`, placeOf(node, name)),
      );
    };
    if (declared === undefined || this.conflicts.length >= MOST_CONFLICTS) return;
    if (inferred.dtype !== undefined && declared.dtype !== undefined && inferred.dtype !== declared.dtype) {
      differ("type", inferred.dtype, declared.dtype);
    }
    const [is, says] = [inferred.shape, declared.shape];
    if (is === undefined || says === undefined) return;
    const clash = (dim: MaybeDim, axis: number): boolean => {
      const other = says[axis];
      return typeof dim === "number" && typeof other === "number" && dim !== other;
    };
    if (is.length !== says.length || is.some(clash))
      differ("shape", `[${is.join(", ")}]`, `[${says.join(", ")}]`);
  }
}

/** Names the sizes that are not known. */
function withSymbols(name: string, value: Value, depth: number): Value {
  const { shape } = value;
  if (shape === undefined || !shape.includes(undefined)) return value;
  const primes = "'".repeat(depth);
  return { ...value, shape: shape.map((dim, axis) => dim ?? symbol(`${name}.${axis}${primes}`)) };
}

/** Forgets the sizes that are made of symbols of an inner graph. */
function withoutSymbols(value: Value, depth: number): Value {
  const { sequenceOf, optionalOf, shape, data } = value;
  if (sequenceOf !== undefined) return { sequenceOf: withoutSymbols(sequenceOf, depth) };
  if (optionalOf !== undefined) return { optionalOf: withoutSymbols(optionalOf, depth) };
  const primes = "'".repeat(depth);
  const kept = (dim: MaybeDim): MaybeDim =>
    typeof dim === "object" && dim.text.includes(primes) ? undefined : dim;
  return { ...value, shape: shape?.map(kept), data: data?.map(kept) };
}
