/** Disjoint sets of names (Tarjan 1975). */
export class Sets {
  readonly #parents = new Map<string, string>();

  /** The name that stands for the set that `name` is in. */
  of(name: string): string {
    let root = name;
    for (let up = this.#parents.get(root); up !== undefined; up = this.#parents.get(root)) root = up;
    if (root !== name) this.#parents.set(name, root);
    return root;
  }

  join(a: string, b: string): void {
    const [from, to] = [this.of(a), this.of(b)];
    if (from !== to) this.#parents.set(from, to);
  }
}
