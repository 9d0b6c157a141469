/** When a study ends. */
import { SearchError } from "../errors.ts";

export interface StopRules {
  /** After so many trials in all, those in the journal included. */
  readonly trials?: number;
  /** No trial begins later than this after the run began; those under way are completed. */
  readonly seconds?: number;
  /** When so many trials after the best one were not better. */
  readonly patience?: number;
}

/** "exhausted": the algorithm has nothing more to try. */
export type StopReason = "trials" | "seconds" | "patience" | "aborted" | "exhausted";

/** Counts trials and time. */
export class Stopwatch {
  readonly #rules: StopRules;
  readonly #now: () => number;
  readonly #start: number;
  #idle = 0;
  #evaluated = 0;

  /** @throws SearchError for limits that are no numbers */
  constructor(rules: StopRules, now: () => number) {
    for (const name of ["trials", "seconds", "patience"] as const) {
      const limit = rules[name];
      if (limit !== undefined && !(limit >= 0))
        throw new SearchError(`a limit is a number from 0; ${name} is ${limit}`);
    }
    this.#rules = rules;
    this.#now = now;
    this.#start = now();
  }

  /** Whether one more may begin after so many. */
  allows(asked: number): boolean {
    return this.#rules.trials === undefined || asked < this.#rules.trials;
  }

  count(isBest: boolean, isReplayed: boolean): void {
    this.#idle = isBest ? 0 : this.#idle + 1;
    if (!isReplayed) this.#evaluated++;
  }

  /** Why nothing more begins; undefined where nothing is against it. */
  reason(trials: number): StopReason | undefined {
    const { seconds, patience } = this.#rules;
    if (!this.allows(trials)) return "trials";
    if (patience !== undefined && this.#idle >= patience && trials > 0) return "patience";
    if (seconds !== undefined && this.#seconds >= seconds) return "seconds";
    return undefined;
  }

  secondsLeft(trials: number): number | undefined {
    const { trials: limit, seconds } = this.#rules;
    const byTrials =
      limit === undefined || this.#evaluated === 0
        ? undefined
        : ((limit - trials) * this.#seconds) / this.#evaluated;
    const byTime = seconds === undefined ? undefined : Math.max(0, seconds - this.#seconds);
    if (byTrials === undefined || byTime === undefined) return byTrials ?? byTime;
    return Math.min(byTrials, byTime);
  }

  get #seconds(): number {
    return (this.#now() - this.#start) / 1000;
  }
}
