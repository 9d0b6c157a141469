/** The values in sight of a node: those of its graph, then those of the graphs around. */
import type { Value } from "./value.ts";

export class Scope {
  readonly values = new Map<string, Value>();
  /** How many graphs and functions are around. */
  readonly depth: number;
  private readonly outer: Scope | undefined;

  /** @param sees the graph around, as far as its names are seen; a function sees none */
  constructor(depth: number, sees?: Scope) {
    this.depth = depth;
    this.outer = sees;
  }

  get(name: string): Value | undefined {
    return this.values.get(name) ?? this.outer?.get(name);
  }

  set(name: string, value: Value): void {
    this.values.set(name, value);
  }
}
