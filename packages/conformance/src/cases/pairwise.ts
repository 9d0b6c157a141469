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
/** More than any factor has values: a factor and one of its values are one number, a pair is another. */
const RADIX = 4096;

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
  readonly #values: readonly (readonly unknown[])[];
  /** Number of each value: the same for values that a factor lists twice. */
  readonly #numbers: readonly ReadonlyMap<unknown, number>[];
  readonly #valid: (choice: Choice<F>) => boolean;
  /** Pairs that met, as numbers. */
  readonly #seen = new Set<number>();
  readonly #next: () => number;

  constructor(factors: F, valid: (choice: Choice<F>) => boolean) {
    this.names = Object.keys(factors);
    this.#values = this.names.map((name) => factors[name] ?? []);
    this.#numbers = this.#values.map((values) => new Map(values.map((value, i) => [value, i])));
    this.#valid = valid;
    this.#next = random(hash(this.names.join()));
  }

  /** Whether both values of a pair already met. */
  covers(pair: ReadonlyMap<string, unknown>): boolean {
    return this.#fresh(pair).length === 0;
  }

  /** The candidate with the most new pairs, or nothing if no valid one was found. Its pairs count as seen. */
  complete(given: ReadonlyMap<string, unknown>): Choice<F> | undefined {
    let best: { choice: Choice<F>; fresh: number[] } | undefined;
    for (let found = 0, tries = 0; found < CANDIDATES && tries < TRIES; tries++) {
      const row = new Map(
        this.names.map((name, f) => [name, given.has(name) ? given.get(name) : this.#pick(f)]),
      );
      const choice = Object.fromEntries(row) as Choice<F>;
      if (!this.#valid(choice)) continue;
      found++;
      const fresh = this.#fresh(row);
      if (best === undefined || fresh.length > best.fresh.length) best = { choice, fresh };
    }
    for (const pair of best?.fresh ?? []) this.#seen.add(pair);
    return best?.choice;
  }

  #pick(f: number): unknown {
    const values = this.#values[f] ?? [];
    return values[Math.floor(this.#next() * values.length)];
  }

  /** Pairs of a row, or of a part of one, that were not seen. */
  #fresh(row: ReadonlyMap<string, unknown>): number[] {
    const digits = this.names.flatMap((name, f) => {
      const number = row.has(name) ? this.#numbers[f]?.get(row.get(name)) : undefined;
      return number === undefined ? [] : [f * RADIX + number];
    });
    return digits
      .flatMap((a, i) => digits.slice(i + 1).map((b) => a * RADIX * RADIX + b))
      .filter((pair) => !this.#seen.has(pair));
  }
}
