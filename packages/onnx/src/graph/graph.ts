/**
 * A graph that can be edited: producers, consumers, order and names over a GraphProto, which stays the only model.
 *
 * Edits go through the methods, which keep the index of values up to date. After changing messages directly, call
 * `refresh`. A graph of an If, Loop or Scan is a Graph of its own, with the graph around it as `outer`.
 */
import { DuplicateNameError, GraphEditError, MissingFieldError, quote } from "../errors.ts";
import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from "../proto.ts";
import { Initializers } from "./initializers.ts";
import { topologicalOrder } from "./order.ts";
import { nodeName, placeOf } from "./place.ts";
import { allNames, hidesInside, setUse, subgraphsOf, type Use } from "./scope.ts";
import { ValueIndex } from "./value-index.ts";

/** IR version since which initializers need not be graph inputs. */
const FREE_INITIALIZERS = 4n;

export class Graph {
  readonly proto: GraphProto;
  /** The graph whose node carries this one. */
  readonly outer: Graph | undefined;
  readonly initializers: Initializers;
  /** Before IR version 4 the initializers of the main graph are inputs too. */
  readonly initializersAreInputs: boolean;
  private values: ValueIndex | undefined;
  private taken: Set<string> | undefined;
  private inner = new WeakMap<GraphProto, Graph>();

  constructor(proto: GraphProto, outer?: Graph, initializersAreInputs = false) {
    this.proto = proto;
    this.outer = outer;
    this.initializersAreInputs = initializersAreInputs;
    this.initializers = new Initializers(this);
  }

  /** The main graph of a model. @throws MissingFieldError when it has none */
  static of(model: ModelProto): Graph {
    if (model.graph === undefined) {
      throw new MissingFieldError(
        "graph",
        "the model has no graph; check that the file is a model, not a tensor",
      );
    }
    return new Graph(model.graph, undefined, model.irVersion < FREE_INITIALIZERS);
  }

  /** Nodes in the order of the file. */
  get nodes(): readonly NodeProto[] {
    return this.proto.node;
  }

  /** Inputs that a caller must feed: those that are not initializers. */
  get inputs(): readonly ValueInfoProto[] {
    return this.proto.input.filter((input) => !this.initializers.has(input.name));
  }

  get outputs(): readonly ValueInfoProto[] {
    return this.proto.output;
  }

  isInput(name: string): boolean {
    return this.proto.input.some((input) => input.name === name);
  }

  isOutput(name: string): boolean {
    return this.proto.output.some((output) => output.name === name);
  }

  /** The node of this graph that makes a value; undefined for inputs, initializers and values from around. */
  producer(name: string): NodeProto | undefined {
    return this.index.producer(name);
  }

  /** Every mention of a value by nodes of this graph, captures by their subgraphs included. */
  consumers(name: string): readonly Use[] {
    return this.index.usesOf(name);
  }

  /** Whether a value comes from this graph: an input, an initializer or a node's output. */
  defines(name: string): boolean {
    if (this.producer(name) !== undefined || this.initializers.has(name) || this.isInput(name)) return true;
    return this.proto.sparseInitializer.some((sparse) => sparse.values?.name === name);
  }

  /** The first node of that name. */
  find(name: string): NodeProto | undefined {
    return this.proto.node.find((node) => node.name === name);
  }

  /** The graphs that a node carries. */
  subgraphs(node: NodeProto): Graph[] {
    return subgraphsOf(node).map((proto) => {
      let graph = this.inner.get(proto);
      if (graph === undefined) {
        graph = new Graph(proto, this);
        this.inner.set(proto, graph);
      }
      return graph;
    });
  }

  /** Nodes in topological order. @throws CycleError */
  order(): NodeProto[] {
    return topologicalOrder(this.proto);
  }

  /** Puts the nodes of the file into topological order. @throws CycleError */
  sort(): void {
    this.proto.node = this.order();
  }

  /**
   * Adds a node: before or after another, else at the end. Its inputs may be made by nodes that come later; `sort` puts
   * them in order.
   * @throws DuplicateNameError when an output is already defined in this graph
   */
  insert(
    node: NodeProto,
    where: { readonly before?: NodeProto; readonly after?: NodeProto } = {},
  ): NodeProto {
    const anchor = where.before ?? where.after;
    const at = anchor === undefined ? this.proto.node.length : this.position(anchor);
    const { index } = this;
    this.checkOutputs(node, []);
    this.proto.node.splice(at + (where.before === undefined && anchor !== undefined ? 1 : 0), 0, node);
    index.add(node);
    this.entered(node);
    return node;
  }

  /** Takes a node out. @throws GraphEditError while one of its outputs is used */
  remove(node: NodeProto): void {
    const { index } = this;
    const at = this.position(node);
    this.checkUnused(node, []);
    this.proto.node.splice(at, 1);
    index.delete(node);
    this.changed();
  }

  /**
   * Puts nodes in the place of one. They must define whatever of its outputs is used, and may reuse their names.
   * @throws GraphEditError when they leave a used output undefined, DuplicateNameError when they define another value
   */
  replaceNode(node: NodeProto, ...replacements: readonly NodeProto[]): void {
    const { index } = this;
    const at = this.position(node);
    this.checkUnused(node, replacements);
    for (const replacement of replacements) this.checkOutputs(replacement, [...node.output]);
    this.proto.node.splice(at, 1, ...replacements);
    index.delete(node);
    for (const replacement of replacements) {
      index.add(replacement);
      this.entered(replacement);
    }
    this.changed();
  }

  /** Makes an input of a node name another value. `""` leaves an optional input out. */
  setInput(node: NodeProto, slot: number, name: string): void {
    this.index.delete(node);
    while (node.input.length < slot) node.input.push("");
    node.input[slot] = name;
    this.index.add(node);
    this.entered(node);
  }

  /**
   * Makes everything that uses one value use another, captures in subgraphs included.
   * @throws GraphEditError when a capturing subgraph has a value called `to` of its own
   * @param options.except nodes that keep using `from`: those that make `to` out of it
   * @param options.outputs whether the graph's own outputs of that name are renamed too, which callers of the model see
   */
  replaceAllUses(
    from: string,
    to: string,
    options: { readonly except?: Iterable<NodeProto>; readonly outputs?: boolean } = {},
  ): void {
    const except = new Set(options.except);
    this.rewire(
      this.consumers(from).filter((use) => !except.has(use.node)),
      from,
      to,
    );
    if (options.outputs !== true) return;
    for (const output of this.proto.output) if (output.name === from) output.name = to;
    this.changed();
  }

  /** Makes some of the uses of a value, as `consumers` gave them, name another. */
  rewire(uses: Iterable<Use>, from: string, to: string): void {
    const list = [...uses];
    const hidden = list.find((use) => use.owner !== use.node && hidesInside(use.node, to));
    if (hidden !== undefined) {
      const detail = `a graph inside node ${quote(nodeName(hidden.node))} has a ${quote(to)} of its own; rename that first`;
      throw new GraphEditError(detail, placeOf(hidden.node, to));
    }
    for (const use of list) setUse(use, to);
    this.index.move(list, from, to);
    this.claim(to);
    for (const use of list) if (use.owner !== use.node) this.forgetInside(use.node);
    this.changed();
  }

  /**
   * Renames a value wherever it is mentioned: by the node that makes it, its users, the graph's inputs, outputs,
   * initializers, types and quantization annotations.
   * @throws GraphEditError for a value this graph does not define, DuplicateNameError for a name that is taken
   */
  rename(from: string, to: string): void {
    if (from === to) return;
    if (!this.defines(from))
      throw new GraphEditError(`the graph does not define ${quote(from)}`, { value: from });
    if (to === "" || this.names.has(to)) {
      throw new DuplicateNameError(`${quote(to)} is taken; see uniqueName`, { value: to });
    }
    const { proto } = this;
    const producer = this.producer(from);
    this.replaceAllUses(from, to, { outputs: true });
    if (producer !== undefined) {
      this.index.delete(producer);
      producer.output = producer.output.map((name) => (name === from ? to : name));
      this.index.add(producer);
    }
    for (const named of [...proto.input, ...proto.initializer, ...proto.valueInfo]) {
      if (named.name === from) named.name = to;
    }
    for (const { values } of proto.sparseInitializer) if (values?.name === from) values.name = to;
    for (const annotation of proto.quantizationAnnotation) {
      if (annotation.tensorName === from) annotation.tensorName = to;
      for (const entry of annotation.quantParameterTensorNames) if (entry.value === from) entry.value = to;
    }
    this.initializers.refresh();
    this.claim(to);
  }

  /** A name that no value and no node of the whole model has, made from `base`. It is reserved for the caller. */
  uniqueName(base: string): string {
    let name = base;
    for (let i = 1; name === "" || this.names.has(name); i++) name = `${base}_${i}`;
    this.claim(name);
    return name;
  }

  /** Marks a name as taken. */
  claim(name: string): void {
    this.names.add(name);
  }

  /** Reads the messages anew, after they were changed other than by these methods. */
  refresh(): void {
    this.values = undefined;
    this.taken = undefined;
    this.inner = new WeakMap();
    this.initializers.refresh();
    this.changed();
  }

  private get index(): ValueIndex {
    this.values ??= new ValueIndex(this.proto);
    return this.values;
  }

  /** Names of the whole model: what is free here may be taken in a graph around or inside. */
  private get names(): Set<string> {
    if (this.outer !== undefined) return this.outer.names;
    this.taken ??= new Set(allNames(this.proto));
    return this.taken;
  }

  private entered(node: NodeProto): void {
    for (const name of [node.name, ...node.input, ...node.output]) this.claim(name);
    for (const graph of subgraphsOf(node)) for (const name of allNames(graph)) this.claim(name);
    this.changed();
  }

  /** The graphs around see different captures now. */
  private changed(): void {
    for (let graph = this.outer; graph !== undefined; graph = graph.outer) graph.values = undefined;
  }

  /** The graphs inside a node were changed from here. */
  private forgetInside(node: NodeProto): void {
    for (const graph of this.subgraphs(node)) {
      graph.values = undefined;
      for (const inner of graph.proto.node) graph.forgetInside(inner);
    }
  }

  private position(node: NodeProto): number {
    const at = this.proto.node.indexOf(node);
    if (at < 0) throw new GraphEditError(`node ${quote(nodeName(node))} is not in this graph`, placeOf(node));
    return at;
  }

  private checkOutputs(node: NodeProto, reusable: readonly string[]): void {
    for (const name of node.output) {
      if (name === "" || reusable.includes(name) || !this.defines(name)) continue;
      throw new DuplicateNameError(`${quote(name)} is already defined; see uniqueName`, placeOf(node, name));
    }
  }

  private checkUnused(node: NodeProto, replacements: readonly NodeProto[]): void {
    for (const name of node.output) {
      if (name === "" || replacements.some((other) => other.output.includes(name))) continue;
      if (this.isOutput(name) || this.consumers(name).some((use) => use.node !== node)) {
        const detail = `output ${quote(name)} of node ${quote(nodeName(node))} is still used; see replaceAllUses`;
        throw new GraphEditError(detail, placeOf(node, name));
      }
    }
  }
}
