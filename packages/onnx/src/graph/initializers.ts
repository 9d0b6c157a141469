/** The constants of a graph, by name. Sharing one and giving a use its own copy are decisions, so both are methods. */
import { DuplicateNameError, GraphEditError, quote } from "../errors.ts";
import { clone, type GraphProto, type TensorProto, TensorProtoSchema } from "../proto.ts";
import { elementType } from "../tensor/formats.ts";
import type { Graph } from "./graph.ts";
import { makeValueInfo } from "./make.ts";
import type { Use } from "./scope.ts";

export class Initializers implements Iterable<TensorProto> {
  private readonly graph: Graph;
  private readonly proto: GraphProto;
  private positions: Map<string, number> | undefined;

  constructor(graph: Graph) {
    this.graph = graph;
    this.proto = graph.proto;
  }

  [Symbol.iterator](): Iterator<TensorProto> {
    return this.proto.initializer[Symbol.iterator]();
  }

  has(name: string): boolean {
    return this.index().has(name);
  }

  get(name: string): TensorProto | undefined {
    const at = this.index().get(name);
    return at === undefined ? undefined : this.proto.initializer[at];
  }

  /**
   * Adds a tensor under its name, or puts it in place of the one of that name, for all who use it.
   * @throws GraphEditError for a tensor without a name, DuplicateNameError when something else has its name
   */
  set(tensor: TensorProto): void {
    const { name } = tensor;
    if (name === "") throw new GraphEditError("an initializer needs a name; see uniqueName");
    const at = this.index().get(name);
    if (at !== undefined) {
      this.proto.initializer[at] = tensor;
      this.redeclare(tensor);
      return;
    }
    if (this.graph.producer(name) !== undefined || this.proto.input.some((input) => input.name === name)) {
      throw new DuplicateNameError(`${quote(name)} is already an input or a node's output; see uniqueName`, {
        value: name,
      });
    }
    this.index().set(name, this.proto.initializer.length);
    this.proto.initializer.push(tensor);
    this.graph.claim(name);
    if (this.graph.initializersAreInputs) this.redeclare(tensor);
  }

  /** Takes a tensor out. @throws GraphEditError while something uses it */
  delete(name: string): void {
    const at = this.index().get(name);
    if (at === undefined) return;
    if (this.graph.consumers(name).length > 0 || this.graph.isOutput(name)) {
      throw new GraphEditError(`initializer ${quote(name)} is still used; see replaceAllUses`, {
        value: name,
      });
    }
    this.proto.initializer.splice(at, 1);
    this.proto.input = this.proto.input.filter((input) => input.name !== name);
    this.positions = undefined;
  }

  /**
   * Gives some uses a copy of their own, bytes and all, under a new name, which is returned.
   * @throws GraphEditError for a name that is not an initializer
   */
  duplicate(name: string, uses: Iterable<Use>): string {
    const tensor = this.get(name);
    if (tensor === undefined)
      throw new GraphEditError(`${quote(name)} is not an initializer`, { value: name });
    const copy = clone(TensorProtoSchema, tensor);
    copy.name = this.graph.uniqueName(name);
    this.set(copy);
    this.graph.rewire(uses, name, copy.name);
    return copy.name;
  }

  /** Makes the users of `duplicate` use `name` and takes `duplicate` out. Whether both are equal is the caller's business. */
  share(name: string, duplicate: string): void {
    for (const wanted of [name, duplicate]) {
      if (!this.has(wanted))
        throw new GraphEditError(`${quote(wanted)} is not an initializer`, { value: wanted });
    }
    if (name === duplicate) return;
    this.graph.replaceAllUses(duplicate, name);
    this.delete(duplicate);
  }

  /** Forgets what it knows of the order of initializers. */
  refresh(): void {
    this.positions = undefined;
  }

  private index(): Map<string, number> {
    this.positions ??= new Map(this.proto.initializer.map(({ name }, at) => [name, at]));
    return this.positions;
  }

  /** Before IR version 4 an initializer is also a graph input, which must have its type. */
  private redeclare(tensor: TensorProto): void {
    const { name, dataType, dims } = tensor;
    const dtype = elementType(dataType);
    const at = this.proto.input.findIndex((input) => input.name === name);
    if (dtype === undefined || (at < 0 && !this.graph.initializersAreInputs)) return;
    const info = makeValueInfo(name, dtype, dims.map(Number));
    if (at < 0) this.proto.input.push(info);
    else this.proto.input[at] = info;
  }
}
