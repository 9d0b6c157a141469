/** Who evaluates configurations: this thread, workers, or other machines. */
import type { Configuration } from "../problem.ts";
import type { Outcome } from "./records.ts";

export interface EvaluationContext {
  /** Number of the trial, from 0. */
  readonly id: number;
  /** Aborted when the result is not wanted any more; the evaluation may then reject. */
  readonly signal: AbortSignal;
}

export interface Executor {
  /**
   * Measures a configuration. It may be called again before it resolves, as often as the study's `parallel` says. The same configuration has the same outcome, whenever it is evaluated. What rejects ends the
   * study; a configuration that cannot be had is an outcome, `{ failed }`.
   */
  evaluate(configuration: Configuration, context: EvaluationContext): Promise<Outcome>;
}

/** Evaluates with a function, in this thread. */
export function functionExecutor(
  evaluate: (configuration: Configuration, context: EvaluationContext) => Outcome | Promise<Outcome>,
): Executor {
  return { evaluate: async (configuration, context) => evaluate(configuration, context) };
}
