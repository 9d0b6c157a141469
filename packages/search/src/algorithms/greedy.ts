/**
 * Greedy search, as in AIMET's automatic mixed precision (Pandey et al., "A practical mixed precision algorithm for
 * post-training quantization", 2023): choices are ordered once by what they are predicted to gain, and taken one after the
 * other as long as the loss that is measured is within the budget.
 */
import { type Algorithm, type AlgorithmSpec, keyOf, type Trial } from "../algorithm.ts";
import type { Configuration, Problem } from "../problem.ts";
import { type LossModel, Sensitivity } from "../sensitivity.ts";

export interface GreedyOptions {
  /**
   * "lower" begins with the choices of least loss and takes those that save most for the loss they add; "raise" begins with
   * the cheapest ones and takes back what costs least for the loss it avoids. Default "lower".
   */
  readonly direction?: "lower" | "raise";
  /** How many points of the way are tried, evenly spaced, before it is halved for where the budget ends. Default 0. */
  readonly points?: number;
}

/** Sensitivities first, unless the problem has them; then the way; then single steps from where the budget ends. */
export function greedy({ direction = "lower", points = 0 }: GreedyOptions = {}): AlgorithmSpec {
  return {
    name: "greedy",
    settings: { direction, points },
    create: (problem) => new Greedy(problem, direction, points),
  };
}

class Greedy implements Algorithm {
  readonly #problem: Problem;
  readonly #direction: "lower" | "raise";
  readonly #points: number;
  readonly #sensitivity: Sensitivity;
  readonly #told = new Map<string, number>();
  #script: Generator<Configuration | undefined, void, void> | undefined;

  constructor(problem: Problem, direction: "lower" | "raise", points: number) {
    this.#problem = problem;
    this.#direction = direction;
    this.#points = points;
    this.#sensitivity = new Sensitivity(problem);
  }

  ask(): Configuration | undefined {
    const first = this.#sensitivity.ask();
    if (first !== undefined) return first;
    const { model } = this.#sensitivity;
    if (model === undefined) return undefined;
    this.#script ??= this.#search(model);
    const next = this.#script.next();
    return next.done ? undefined : next.value;
  }

  tell(trial: Trial): void {
    this.#sensitivity.tell(trial);
    this.#told.set(keyOf(trial.configuration), trial.loss);
  }

  *#search(model: LossModel): Generator<Configuration | undefined, void, void> {
    const { budget } = this.#problem;
    const way =
      this.#direction === "lower" ? lowering(this.#problem, model) : raising(this.#problem, model).reverse();
    const last = way.length - 1;
    const spread = Array.from({ length: this.#points }, (_, i) =>
      Math.round((i * last) / Math.max(1, this.#points - 1)),
    );
    const asked = [...new Set(spread)].map((i) => way[i]!);
    for (const configuration of asked) if (!this.#told.has(keyOf(configuration))) yield configuration;
    // The last step of the way that keeps the budget, if losses grew along it all the time.
    let [low, high] = [-1, way.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((yield* this.#measured(way[middle]!)) <= budget) low = middle;
      else high = middle;
    }
    // From there any single step down that keeps it, best ones first.
    let current = way[low];
    const refused = new Set<string>();
    while (current !== undefined) {
      const step = bestStep(this.#problem, model, current, refused);
      if (step === undefined) return;
      const next = current.with(step.group, step.choice);
      if ((yield* this.#measured(next)) <= budget) current = next;
      else refused.add(`${step.group}.${step.choice}`);
    }
  }

  *#measured(configuration: Configuration): Generator<Configuration | undefined, number, void> {
    const key = keyOf(configuration);
    if (!this.#told.has(key)) yield configuration;
    for (;;) {
      const loss = this.#told.get(key);
      if (loss !== undefined) return loss;
      yield undefined;
    }
  }
}

/** Configurations from the least loss down to where nothing is cheaper, each one step after the one before. */
function lowering(problem: Problem, model: LossModel): Configuration[] {
  const way = [leastOf(model.losses, problem.scores)];
  for (;;) {
    const current = way.at(-1)!;
    const step = bestStep(problem, model, current, new Set());
    if (step === undefined) return way;
    way.push(current.with(step.group, step.choice));
  }
}

/** Configurations from the cheapest up to where nothing loses less. */
function raising(problem: Problem, model: LossModel): Configuration[] {
  const usable = problem.scores.map((row, i) =>
    row.map((score, index) => (Number.isFinite(model.losses[i]![index]!) ? score : Number.POSITIVE_INFINITY)),
  );
  const way = [leastOf(usable, model.losses)];
  for (;;) {
    const current = way.at(-1)!;
    const step = steepest(model.losses, usable, current);
    if (step === undefined) return way;
    way.push(current.with(step.group, step.choice));
  }
}

interface Step {
  readonly group: number;
  readonly choice: number;
}

/** The step that saves most for each unit of loss; undefined if none saves anything. */
function bestStep(
  { scores }: Problem,
  { losses }: LossModel,
  from: Configuration,
  refused: ReadonlySet<string>,
): Step | undefined {
  return steepest(scores, losses, from, refused);
}

/** The step that lowers `gain` most for each unit that it raises `price`; of those that raise nothing, the one that lowers most. */
function steepest(
  gain: readonly (readonly number[])[],
  price: readonly (readonly number[])[],
  from: Configuration,
  refused: ReadonlySet<string> = new Set(),
): Step | undefined {
  let best: (Step & { readonly slope: number; readonly saved: number }) | undefined;
  for (const [group, row] of gain.entries()) {
    const now = from[group]!;
    for (const [choice, value] of row.entries()) {
      const saved = row[now]! - value;
      const paid = price[group]![choice]! - price[group]![now]!;
      if (!(saved > 0) || paid === Number.POSITIVE_INFINITY || refused.has(`${group}.${choice}`)) continue;
      const slope = paid <= 0 ? Number.POSITIVE_INFINITY : saved / paid;
      if (best === undefined || slope > best.slope || (slope === best.slope && saved > best.saved))
        best = { group, choice, slope, saved };
    }
  }
  return best;
}

/** For each group the choice with the least of the first numbers; of equal ones, the least of the second. */
function leastOf(
  first: readonly (readonly number[])[],
  second: readonly (readonly number[])[],
): Configuration {
  return first.map((row, i) =>
    row.reduce((best, value, index) => {
      const difference = value === row[best] ? second[i]![index]! - second[i]![best]! : value - row[best]!;
      return difference < 0 ? index : best;
    }, 0),
  );
}
