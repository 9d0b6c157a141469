/** A model as planning sees it: its constants, its functions, the operators that its nodes name. */
import type { HostTensor } from "@bitbudget/core";
import {
  canonicalDomain,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  nodeName,
  opsetVersions,
  subgraphsOf,
  type TensorProto,
  tensorValue,
  topologicalOrder,
} from "@bitbudget/onnx";
import { isControlFlow } from "./control.ts";
import { type UnsupportedNode, UnsupportedOperatorsError } from "./errors.ts";
import { knownValue } from "./lowering.ts";
import type { Operator } from "./operator.ts";
import { findOperator } from "./operators/index.ts";
import type { Origins } from "./origins.ts";
import { nodeTask, type Task } from "./planner.ts";
import type { Environment, Scope } from "./values.ts";

export class Program {
  readonly graph: GraphProto;
  readonly opsets: ReadonlyMap<string, number>;
  readonly #origins: Origins;
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  // Held weakly: once kernels have packed them, unpacked copies may go; planning for another shape makes them anew.
  readonly #constants = new WeakMap<TensorProto, WeakRef<HostTensor>>();
  readonly #derived = new WeakMap<HostTensor, Map<string, WeakRef<HostTensor>>>();
  readonly #orders = new WeakMap<GraphProto, readonly NodeProto[]>();

  /** @throws UnsupportedOperatorsError that lists every node whose operator the runtime does not have */
  constructor(model: ModelProto, graph: GraphProto, origins: Origins) {
    this.graph = graph;
    this.#origins = origins;
    this.opsets = opsetVersions(model.opsetImport);
    this.#functions = new Map(model.functions.map((body) => [key(body.domain, body.name), body]));
    const missing = [...this.#missing(graph.node, this.opsets)];
    if (missing.length > 0) throw new UnsupportedOperatorsError(missing);
  }

  /** A function of the model itself, which stands before an operator of that name. */
  function(node: NodeProto): FunctionProto | undefined {
    return this.#functions.get(key(node.domain, node.opType));
  }

  operator(domain: string, opType: string): Operator {
    const operator = findOperator(canonicalDomain(domain), opType);
    if (operator === undefined) throw new Error(`operator ${key(domain, opType)} was not checked for`);
    return operator;
  }

  opset(scope: Scope, domain: string): number {
    return scope.opsets.get(canonicalDomain(domain)) ?? 1;
  }

  label(node: NodeProto): string {
    return nodeName(node);
  }

  /** Defines the constants of a graph in a scope, and returns its nodes as tasks in topological order. */
  enter(graph: GraphProto, scope: Scope, environment: Environment): Task[] {
    for (const proto of graph.initializer) {
      if (environment.get(scope, proto.name) !== undefined && scope.outer === undefined) continue;
      let tensor = this.#constants.get(proto)?.deref();
      if (tensor === undefined) {
        tensor = tensorValue(proto);
        this.#origins.read(proto, tensor);
        this.#constants.set(proto, new WeakRef(tensor));
      }
      environment.set(scope, proto.name, knownValue(tensor));
    }
    let order = this.#orders.get(graph);
    if (order === undefined) {
      order = topologicalOrder(graph);
      this.#orders.set(graph, order);
    }
    return order.map((node) => this.task(node, scope));
  }

  task(node: NodeProto, scope: Scope): Task {
    return nodeTask(node, scope, this);
  }

  derived(tensor: HostTensor, name: string, make: () => HostTensor): HostTensor {
    let entries = this.#derived.get(tensor);
    if (entries === undefined) {
      entries = new Map();
      this.#derived.set(tensor, entries);
    }
    let result = entries.get(name)?.deref();
    if (result === undefined) {
      result = make();
      this.#origins.derive(tensor, name, result);
      entries.set(name, new WeakRef(result));
    }
    return result;
  }

  *#missing(nodes: readonly NodeProto[], opsets: ReadonlyMap<string, number>): Generator<UnsupportedNode> {
    for (const node of nodes) {
      const domain = canonicalDomain(node.domain);
      const body = this.function(node);
      if (body !== undefined) yield* this.#missing(body.node, opsetVersions(body.opsetImport));
      else if (!isControlFlow(node) && findOperator(domain, node.opType) === undefined)
        yield {
          name: nodeName(node),
          domain,
          opType: node.opType,
          opset: opsets.get(domain) ?? 1,
          reason: "the runtime has no such operator",
        };
      for (const graph of subgraphsOf(node)) yield* this.#missing(graph.node, opsets);
    }
  }
}

function key(domain: string, name: string): string {
  return `${canonicalDomain(domain)}:${name}`;
}
