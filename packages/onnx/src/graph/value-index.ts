/** Producers and uses of the values of one graph, kept up to date as nodes come and go. */
import type { GraphProto, NodeProto } from "../proto.ts";
import { type Use, usesOf } from "./scope.ts";

export class ValueIndex {
  private readonly producers = new Map<string, NodeProto>();
  private readonly uses = new Map<string, Use[]>();

  constructor(graph: GraphProto) {
    for (const node of graph.node) this.add(node);
  }

  producer(name: string): NodeProto | undefined {
    return this.producers.get(name);
  }

  usesOf(name: string): readonly Use[] {
    return this.uses.get(name) ?? [];
  }

  add(node: NodeProto): void {
    for (const name of node.output) if (name !== "") this.producers.set(name, node);
    for (const [name, use] of usesOf(node)) this.addUse(name, use);
  }

  delete(node: NodeProto): void {
    for (const name of node.output) if (this.producers.get(name) === node) this.producers.delete(name);
    for (const name of new Set(Array.from(usesOf(node), ([name]) => name))) {
      const left = this.usesOf(name).filter((use) => use.node !== node);
      if (left.length === 0) this.uses.delete(name);
      else this.uses.set(name, left);
    }
  }

  /** Enters uses that have been renamed from one value to another. */
  move(uses: readonly Use[], from: string, to: string): void {
    const moved = new Set(uses);
    const left = this.usesOf(from).filter((use) => !moved.has(use));
    if (left.length === 0) this.uses.delete(from);
    else this.uses.set(from, left);
    for (const use of uses) this.addUse(to, use);
  }

  private addUse(name: string, use: Use): void {
    const uses = this.uses.get(name);
    if (uses === undefined) this.uses.set(name, [use]);
    else uses.push(use);
  }
}
