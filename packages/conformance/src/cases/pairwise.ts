/**
 * Combinations in which every two values of different factors meet at least once: most of what the full product would
 * find, at a fraction of its size (Cohen et al., "The AETG System", IEEE TSE 1997).
 */
import { hash, random } from "../random.ts";

export type Factors = { readonly [name: string]: readonly unknown[] };
export type Choice<F extends Factors> = { readonly [K in keyof F]: F[K][number] };

/** Random completions of a row, of which the one with the most new pairs is taken. */
const CANDIDATES = 12;
/** Tries after which no valid completion counts as found. */
const TRIES = 200;

/** A small set of valid combinations that covers every pair of values which occurs in any. Deterministic. */
export function pairwise<F extends Factors>(
  factors: F,
  valid: (choice: Choice<F>) => boolean = () => true,
): Choice<F>[] {
  const search = new PairSearch(factors, valid);
  const { names } = search;
  const choices: Choice<F>[] = [];
  for (const [f, first] of names.entries())
    for (const second of names.slice(f + 1))
      for (const a of factors[first] ?? [])
        for (const b of factors[second] ?? []) {
          const given = new Map([
            [first, a],
            [second, b],
          ]);
          const best = search.covers(given) ? undefined : search.complete(given);
          if (best !== undefined) choices.push(best);
        }
  return choices;
}

/** One combination for each of the `given` parts, the rest chosen to cover as many pairs as possible. Deterministic. */
export function spread<F extends Factors>(
  given: readonly Partial<Choice<F>>[],
  factors: F,
  valid: (choice: Choice<F>) => boolean = () => true,
): Choice<F>[] {
  const search = new PairSearch(factors, valid);
  return given
    .map((part) => search.complete(new Map(Object.entries(part))))
    .filter((choice): choice is Choice<F> => choice !== undefined);
}

class PairSearch<F extends Factors> {
  readonly names: readonly (keyof F & string)[];
  readonly #factors: F;
  readonly #valid: (choice: Choice<F>) => boolean;
  readonly #seen = new Set<string>();
  readonly #next: () => number;

  constructor(factors: F, valid: (choice: Choice<F>) => boolean) {
    this.names = Object.keys(factors);
    this.#factors = factors;
    this.#valid = valid;
    this.#next = random(hash(this.names.join()));
  }

  /** Whether both values of a pair already met. */
  covers(pair: ReadonlyMap<string, unknown>): boolean {
    return this.#pairs(pair).every((key) => this.#seen.has(key));
  }

  /** The candidate with the most new pairs, or nothing if no valid one was found. Its pairs count as seen. */
  complete(given: ReadonlyMap<string, unknown>): Choice<F> | undefined {
    let best: { choice: Choice<F>; fresh: string[] } | undefined;
    for (let found = 0, tries = 0; found < CANDIDATES && tries < TRIES; tries++) {
      const values = new Map(
        this.names.map((name) => [name, given.has(name) ? given.get(name) : this.#pick(name)]),
      );
      const choice = Object.fromEntries(values) as Choice<F>;
      if (!this.#valid(choice)) continue;
      found++;
      const fresh = this.#pairs(values).filter((key) => !this.#seen.has(key));
      if (best === undefined || fresh.length > best.fresh.length) best = { choice, fresh };
    }
    for (const key of best?.fresh ?? []) this.#seen.add(key);
    return best?.choice;
  }

  #pick(name: string): unknown {
    const values = this.#factors[name] ?? [];
    return values[Math.floor(this.#next() * values.length)];
  }

  #pairs(values: ReadonlyMap<string, unknown>): string[] {
    const labels = [...values].map(([name, value]) => `${name}=${this.#factors[name]?.indexOf(value)}`);
    return labels.flatMap((a, i) => labels.slice(i + 1).map((b) => `${a} ${b}`));
  }
}
