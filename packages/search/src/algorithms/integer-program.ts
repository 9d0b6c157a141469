/**
 * Sensitivity and integer programming, as in HAWQ-V3 (Yao et al. 2021) and AdaQuant (Hubara et al. 2021): the loss of a
 * configuration is predicted as a sum over groups, and the configuration that costs least within the budget follows from an
 * integer program.
 *
 * What sets this one apart are its rounds. Each solution is measured; predictions are corrected by all that was measured
 * (`correction.ts`); the next solution is one that was not tried, and that is predicted to be cheaper than the best which was
 * seen to keep the budget. Where there is none, predictions are given some slack, as it costs only a trial.
 *
 * In between, the front is filled: where two neighbouring trials of it are farthest apart (the area that a trial between them
 * may add to the hypervolume), the program is solved for the loss in the middle.
 */
import { type Algorithm, type AlgorithmSpec, keyOf, type Trial } from "../algorithm.ts";
import { correct } from "../correction.ts";
import { SearchError } from "../errors.ts";
import { paretoFront } from "../pareto.ts";
import { type Configuration, type Problem, scoreOf } from "../problem.ts";
import { type LossModel, predict, Sensitivity } from "../sensitivity.ts";
import { type HighsOptions, loadHighs } from "../solver/highs.ts";
import { type Knapsack, solveKnapsack } from "../solver/multiple-choice.ts";

export interface IntegerProgramOptions {
  /** So many solutions of the problem's budget are tried before the front is filled; then every fourth one. Default 12. */
  readonly rounds?: number;
  /** The largest loss of the front, in budgets; 0 for the problem's own budget and nothing else. Default 4. */
  readonly reach?: number;
  /** Where HiGHS is. Default: beside its own code. */
  readonly highs?: HighsOptions;
}

/** Of what is asked after the first rounds, one of so many is for the problem's budget. */
const TURNS = 4;
/** By how much predictions may exceed the budget, in budgets, one after the other: they may be wrong. */
const SLACKS = [0, 0.05, 0.15];
/** After so many more trials it is worth while to ask again where there was nothing to try. */
const WAIT = 8;
/** Where in a gap of the front the program is solved, from its right end, when it is tried again and again. */
const PLACES = [0.5, 0.75, 0.25];
/** How many gaps are looked at before there is nothing to try. */
const GAPS = 8;
/** Solutions are the best to this part of their score; to prove more takes far longer, and predictions are not that good. */
const GAP = 2e-4;
/** What is predicted to be cheaper by less than this, relative to the reference, is not. */
const STEP = 1e-6;
/** What counts as no loss at all, where the budget is 0: this part of the largest loss. */
const NO_BUDGET = 1e-3;

/** @throws SolverError when HiGHS cannot be loaded */
export function integerProgram(options: IntegerProgramOptions = {}): AlgorithmSpec {
  const { rounds = 12, reach = 4, highs } = options;
  if (!(Number.isInteger(rounds) && rounds > 0))
    throw new SearchError(`${rounds} rounds are none; use 1 or more`);
  if (!(Number.isFinite(reach) && reach >= 0))
    throw new SearchError(`the reach is a number from 0, not ${reach}`);
  return {
    name: "integer-program",
    settings: { rounds, reach },
    async create(problem) {
      const solver = await loadHighs(highs);
      return new IntegerProgram(problem, { rounds, reach }, (knapsack) => solveKnapsack(solver, knapsack));
    },
  };
}

type Solve = (knapsack: Knapsack) => Configuration | undefined;

/** A stretch of the front between two trials that are neighbours on it. */
interface Gap {
  /** Numbers of both trials. */
  readonly key: string;
  readonly area: number;
  readonly left: Trial;
  /** Undefined: the end of the front. */
  readonly right: Trial | undefined;
}

class IntegerProgram implements Algorithm {
  readonly #problem: Problem;
  readonly #rounds: number;
  readonly #reach: number;
  readonly #solve: Solve;
  readonly #sensitivity: Sensitivity;
  readonly #trials: Trial[] = [];
  /** Those that predictions did not come from, and the reference. */
  readonly #checks: Trial[] = [];
  readonly #asked = new Map<string, Configuration>();
  /** For each slack, how many trials there were when there was nothing to try. */
  readonly #idle = SLACKS.map(() => Number.NEGATIVE_INFINITY);
  /** How often each gap was tried, and how many trials there have to be before it is tried again. */
  readonly #tried = new Map<string, { readonly tries: number; readonly until: number }>();
  #turn = 0;

  constructor(problem: Problem, { rounds, reach }: Record<"rounds" | "reach", number>, solve: Solve) {
    this.#problem = problem;
    this.#rounds = rounds;
    this.#reach = reach;
    this.#solve = solve;
    this.#sensitivity = new Sensitivity(problem);
  }

  ask(): Configuration | undefined {
    const configuration = this.#sensitivity.ask() ?? this.#next();
    if (configuration !== undefined) this.#asked.set(keyOf(configuration), configuration);
    return configuration;
  }

  tell(trial: Trial): void {
    const isReference = keyOf(trial.configuration) === keyOf(this.#problem.reference);
    if (this.#sensitivity.model !== undefined || isReference) this.#checks.push(trial);
    this.#sensitivity.tell(trial);
    this.#trials.push(trial);
  }

  #next(): Configuration | undefined {
    const { model } = this.#sensitivity;
    if (model === undefined) return undefined;
    const turn = this.#turn++;
    const isOwn = turn < this.#rounds || turn % TURNS === 0;
    const own = isOwn ? this.#answer(model, WAIT) : undefined;
    return own ?? this.#between(model) ?? this.#answer(model, WAIT) ?? this.#answer(model, 1);
  }

  /** For the problem's budget. */
  #answer(prior: LossModel, wait: number): Configuration | undefined {
    const { budget } = this.#problem;
    const unit = budget > 0 ? budget : NO_BUDGET * (largestLoss(prior) || 1);
    const count = this.#trials.length;
    const model = correct(prior, this.#checks, unit);
    const known = this.#trials
      .filter(({ loss }) => loss <= budget)
      .map((trial) => this.#measuredScore(trial));
    const limit = Math.min(...known);
    for (const [i, slack] of SLACKS.entries()) {
      if (count - this.#idle[i]! < wait) continue;
      const found = this.#cheapest(model, budget + slack * unit, limit);
      if (found !== undefined) return found;
      this.#idle[i] = count;
    }
    return known.length === 0 ? this.#leastLoss(model) : undefined;
  }

  /** For the widest gap of the front that seems to have something between. */
  #between(prior: LossModel): Configuration | undefined {
    const end = this.#reach * this.#problem.budget;
    // The first point of the front, where sensitivities were known and did not need it.
    if (end > 0 && !this.#asked.has(keyOf(this.#problem.reference))) return this.#problem.reference;
    const count = this.#trials.length;
    const open = this.#gaps(end).filter(({ key }) => (this.#tried.get(key)?.until ?? 0) <= count);
    for (const { key, left, right } of open.sort((a, b) => b.area - a.area).slice(0, GAPS)) {
      const tries = this.#tried.get(key)?.tries ?? 0;
      const width = (right?.loss ?? end) - left.loss;
      const model = correct(prior, this.#checks, Math.max(left.loss, 0) + width / 2);
      // So much less than what is predicted for the right one, as predictions are off by about the same between.
      const predicted = predict(model, (right ?? left).configuration) + (right === undefined ? width : 0);
      const allowed = predicted - width * PLACES[tries % PLACES.length]!;
      const found = this.#cheapest(model, allowed, this.#measuredScore(left));
      const wait = found === undefined || (tries + 1) % PLACES.length === 0 ? WAIT : 1;
      this.#tried.set(key, { tries: tries + 1, until: count + wait });
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #gaps(end: number): Gap[] {
    const near = this.#trials.filter(({ loss }) => loss <= end);
    const points = near.map((trial) => [trial.loss, this.#measuredScore(trial)]);
    const front = paretoFront(points).map((i) => near[i]!);
    front.sort((a, b) => a.loss - b.loss);
    const cheapest = this.#problem.scores.reduce((sum, row) => sum + Math.min(...row), 0);
    return front.flatMap((left, i) => {
      const right = front[i + 1];
      const width = (right?.loss ?? end) - left.loss;
      const height =
        this.#measuredScore(left) - (right === undefined ? cheapest : this.#measuredScore(right));
      if (!(width > 0 && height > STEP && left.loss + width > 0)) return [];
      return [{ key: `${left.id} ${right?.id ?? "end"}`, area: width * height, left, right }];
    });
  }

  /** What is predicted to be the cheapest within a loss, of what was not tried, if that is cheaper than a limit. */
  #cheapest(model: LossModel, allowed: number, limit: number): Configuration | undefined {
    const { offset, losses } = model;
    // Of what was asked for, the program could only answer with these.
    const margin = STEP * Math.abs(allowed - offset);
    const exclude = [...this.#asked.values()].filter(
      (each) => this.#score(each) < limit && predict(model, each) <= allowed + margin,
    );
    const { scores } = this.#problem;
    const found = this.#solve({ scores, losses, budget: allowed - offset, exclude, gap: GAP });
    if (found === undefined || this.#asked.has(keyOf(found))) return undefined;
    return this.#score(found) < limit - STEP ? found : undefined;
  }

  /** What comes nearest to a budget that nothing seems to keep. */
  #leastLoss({ losses }: LossModel): Configuration | undefined {
    const exclude = [...this.#asked.values()];
    return this.#solve({ scores: finite(losses), losses: usable(losses), budget: 0, exclude, gap: GAP });
  }

  #measuredScore({ costs }: Trial): number {
    return scoreOf(this.#problem, costs);
  }

  #score(configuration: Configuration): number {
    return this.#problem.scores.reduce((sum, row, i) => sum + row[configuration[i]!]!, 0);
  }
}

/** The sum of each group's largest loss, of what works. */
function largestLoss({ losses }: LossModel): number {
  return losses.reduce((sum, row) => sum + Math.max(0, ...row.filter(Number.isFinite)), 0);
}

/** 0 for what can be used, Infinity for what cannot. */
function usable(losses: LossModel["losses"]): number[][] {
  return losses.map((row) => row.map((loss) => (Number.isFinite(loss) ? 0 : Number.POSITIVE_INFINITY)));
}

function finite(losses: LossModel["losses"]): number[][] {
  return losses.map((row) => row.map((loss) => (Number.isFinite(loss) ? loss : 0)));
}
