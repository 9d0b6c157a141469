/**
 * How much each choice adds to the loss. Where the problem does not say, it is measured: the reference with one group
 * changed, for each of its choices (as in HAWQ-V2, Dong et al. 2020, and phase 1 of AIMET's automatic mixed precision).
 */
import { type Algorithm, keyOf, type Trial } from "./algorithm.ts";
import type { Configuration, Problem } from "./problem.ts";

/** The loss of a configuration as a sum. */
export interface LossModel {
  readonly offset: number;
  /** What each choice of each group adds; Infinity where it does not work at all. */
  readonly losses: readonly (readonly number[])[];
}

/** The sum that a model says. */
export function predict({ offset, losses }: LossModel, configuration: Configuration): number {
  return losses.reduce((sum, row, i) => sum + row[configuration[i]!]!, offset);
}

export class Sensitivity implements Algorithm {
  readonly #problem: Problem;
  readonly #plan: readonly Configuration[];
  readonly #told = new Map<string, number>();
  #next = 0;
  #model: LossModel | undefined;

  constructor(problem: Problem) {
    this.#problem = problem;
    const { groups, reference } = problem;
    const changes = groups.flatMap(({ choices }, i) =>
      choices.flatMap(({ loss }, index) =>
        loss === undefined && index !== reference[i] ? [reference.with(i, index)] : [],
      ),
    );
    this.#plan = changes.length === 0 ? [] : [reference, ...changes];
  }

  /** Undefined once all has been asked for. */
  ask(): Configuration | undefined {
    return this.#plan[this.#next++];
  }

  /** Trials of others are of no interest here. */
  tell({ configuration, loss }: Trial): void {
    if (this.#model === undefined) this.#told.set(keyOf(configuration), loss);
  }

  /**
   * What choices add, or undefined while trials are outstanding. A choice that was measured to be better than the reference
   * adds nothing: among many choices, those that look so are mostly lucky.
   */
  get model(): LossModel | undefined {
    if (this.#model !== undefined) return this.#model;
    if (!this.#plan.every((configuration) => this.#told.has(keyOf(configuration)))) return undefined;
    const { groups, reference } = this.#problem;
    const base = this.#plan.length === 0 ? 0 : this.#told.get(keyOf(reference))!;
    const offset = Number.isFinite(base) ? base : 0;
    const losses = groups.map(({ choices }, i) =>
      choices.map(({ loss }, index) => {
        if (loss !== undefined) return loss;
        if (index === reference[i]) return 0;
        return Math.max(0, this.#told.get(keyOf(reference.with(i, index)))! - offset);
      }),
    );
    this.#model = { offset, losses };
    return this.#model;
  }
}
