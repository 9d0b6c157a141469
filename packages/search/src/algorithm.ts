/** The one interface of all algorithms: ask what to try next, tell what came of it. */
import { type Configuration, type Costs, type Problem, scoreOf } from "./problem.ts";

/** What is known of one configuration that was tried. */
export interface Trial {
  /** From 0, in the order in which configurations were asked for. */
  readonly id: number;
  readonly configuration: Configuration;
  /** What was measured; Infinity where the evaluation failed. */
  readonly loss: number;
  /** The sums that the problem knows, or what was measured in their place. */
  readonly costs: Costs;
  /** What else the evaluation said. */
  readonly details?: Json;
  /** Why the evaluation failed, if it did. */
  readonly failed?: string;
}

/**
 * An algorithm at work on one problem. It is a function of its seed and of the trials that it was told, in their order,
 * and of nothing else: that is what lets a study resume.
 */
export interface Algorithm {
  /**
   * What to try next. Several may be asked for before the first is told. Undefined: nothing before some trial is told, or,
   * when none is outstanding, nothing at all.
   */
  ask(): Configuration | undefined;
  /** Of something that was asked for. */
  tell(trial: Trial): void;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An algorithm with its settings, for any problem. */
export interface AlgorithmSpec {
  readonly name: string;
  /** All that `create` depends on but for the problem and the seed; it is written into the journal. */
  readonly settings: Json;
  create(problem: Problem, seed: number): Algorithm | Promise<Algorithm>;
}

/** A configuration as the key of a map. */
export function keyOf(configuration: Configuration): string {
  return configuration.join();
}

/** Whether `a` is the better answer to the problem: within the budget first, then cheaper, then of less loss, then earlier. */
export function isBetter(problem: Problem, a: Trial, b: Trial): boolean {
  const [aFits, bFits] = [a.loss <= problem.budget, b.loss <= problem.budget];
  if (aFits !== bFits) return aFits;
  const [aScore, bScore] = [scoreOf(problem, a.costs), scoreOf(problem, b.costs)];
  const order = aFits
    ? aScore - bScore || compare(a.loss, b.loss)
    : compare(a.loss, b.loss) || aScore - bScore;
  return (order || a.id - b.id) < 0;
}

/** For sorting: also of infinities, whose difference is not a number. */
export function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The best answer to the problem among trials; undefined if there are none. */
export function bestOf(problem: Problem, trials: Iterable<Trial>): Trial | undefined {
  let best: Trial | undefined;
  for (const trial of trials) if (best === undefined || isBetter(problem, trial, best)) best = trial;
  return best;
}
