/** A map of limited size: what was not used for the longest time makes room for what is new. */
export class Recent<T> {
  // A Map remembers the order of its insertions: the first entry is the one that was not used for longest.
  readonly #entries = new Map<string, T>();
  readonly #limit: number;

  /** @param limit at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): T | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Adds a value under a new key. Returns what had to go for it. */
  add(key: string, value: T): readonly T[] {
    this.#entries.set(key, value);
    const gone = [...this.#entries].slice(0, Math.max(0, this.#entries.size - this.#limit));
    for (const [oldest] of gone) this.#entries.delete(oldest);
    return gone.map(([, each]) => each);
  }

  /** Takes everything out. */
  clear(): readonly T[] {
    const values = [...this.#entries.values()];
    this.#entries.clear();
    return values;
  }
}
