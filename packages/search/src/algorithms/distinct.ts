/** Random configurations, none of them twice. */
import { keyOf } from "../algorithm.ts";
import type { Configuration, Problem } from "../problem.ts";
import type { Random } from "../random.ts";

/** How often something new is looked for before there is thought to be nothing. */
const TRIES = 200;

/** Remembers what was asked for. */
export class Distinct {
  readonly #seen = new Set<string>();

  /** The first of what `draw` gives that is new; undefined if there is nothing new to be found. */
  draw(draw: (attempt: number) => Configuration): Configuration | undefined {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const configuration = draw(attempt);
      const key = keyOf(configuration);
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      return configuration;
    }
    return undefined;
  }

  /** Whether it is new; it is not any more afterwards. */
  add(configuration: Configuration): boolean {
    const size = this.#seen.size;
    return this.#seen.add(keyOf(configuration)).size > size;
  }
}

/**
 * A random configuration with a random mixture of labels. If each group drew from all its choices alike, all configurations
 * of many groups would cost and lose about the same.
 */
export function randomConfiguration({ groups }: Problem, random: Random): Configuration {
  const labels = [...new Set(groups.flatMap(({ choices }) => choices.map(({ label }) => label)))];
  const parts = random.simplex(labels.length);
  const weights = new Map(labels.map((label, i) => [label, parts[i]!]));
  return groups.map(({ choices }) => random.weighted(choices.map(({ label }) => weights.get(label)!)));
}
