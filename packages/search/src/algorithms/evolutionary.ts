/**
 * Evolution: NSGA-II (Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002) on score and loss,
 * with one child at a time instead of whole generations (Nebro and Durillo, "On the effect of the steady-state selection
 * scheme in multi-objective genetic algorithms", 2009), so that any number of evaluations may be under way.
 *
 * Losses above a limit are the constraint: what violates it less dominates what violates it more (Deb's constrained
 * domination), whatever it costs. One parent is the best answer to the problem of a few, the other is of the better front or
 * the less crowded: among points of one front, those near the budget are of most interest, and the others keep it diverse.
 */
import { type Algorithm, type AlgorithmSpec, compare, isBetter, type Trial } from "../algorithm.ts";
import { SearchError } from "../errors.ts";
import { crowdingDistances, dominates, frontRanks } from "../pareto.ts";
import { type Configuration, type Problem, scoreOf } from "../problem.ts";
import { Random } from "../random.ts";
import { Distinct, randomConfiguration } from "./distinct.ts";
import { uniformConfigurations } from "./uniform.ts";

export interface EvolutionaryOptions {
  /** How many survive. Default 12: few, since evaluations are hundreds and not millions. */
  readonly population?: number;
  /** Probability that a child has two parents. Default 0.2. */
  readonly crossover?: number;
  /** Groups that a mutation changes, on average. Default 2. */
  readonly mutations?: number;
  /** The largest loss of interest, in budgets. Default 1: only answers to the problem. */
  readonly lossLimit?: number;
}

type Settings = Required<EvolutionaryOptions>;

/** Begins with uniform configurations and random ones. */
export function evolutionary(options: EvolutionaryOptions = {}): AlgorithmSpec {
  const settings = { population: 12, crossover: 0.2, mutations: 2, lossLimit: 1, ...options };
  if (!(Number.isInteger(settings.population) && settings.population >= 2))
    throw new SearchError(`a population has 2 or more members, not ${settings.population}`);
  return {
    name: "evolutionary",
    settings,
    create: (problem, seed) => new Evolution(problem, settings, new Random(seed)),
  };
}

/** Among how many the better answer to the problem is chosen. */
const PRESSURE = 5;

interface Member {
  readonly trial: Trial;
  readonly point: readonly [score: number, loss: number];
  readonly rank: number;
  readonly crowding: number;
}

class Evolution implements Algorithm {
  readonly #problem: Problem;
  readonly #settings: Settings;
  readonly #random: Random;
  readonly #distinct = new Distinct();
  readonly #first: Configuration[];
  #asked = 0;
  #members: Member[] = [];

  constructor(problem: Problem, settings: Settings, random: Random) {
    this.#problem = problem;
    this.#settings = settings;
    this.#random = random;
    this.#first = uniformConfigurations(problem);
  }

  ask(): Configuration | undefined {
    const { population } = this.#settings;
    const isFirst = this.#asked < population / 2 || this.#members.length < 2;
    this.#asked++;
    for (let first = this.#first.shift(); first !== undefined; first = this.#first.shift())
      if (this.#distinct.add(first)) return first;
    if (isFirst) return this.#distinct.draw(() => randomConfiguration(this.#problem, this.#random));
    // Where children are all known, they are changed more and more.
    return this.#distinct.draw((attempt) => this.#child(1 + attempt / 10));
  }

  tell(trial: Trial): void {
    if (!Number.isFinite(trial.loss)) return;
    const point = [scoreOf(this.#problem, trial.costs), trial.loss] as const;
    const all = ranked(
      [...this.#members, { trial, point, rank: 0, crowding: 0 }],
      this.#settings.lossLimit * this.#problem.budget,
    );
    this.#members = all.slice(0, this.#settings.population);
  }

  #child(strength: number): Configuration {
    const { crossover, mutations } = this.#settings;
    const mother = this.#parent(PRESSURE, (a, b) =>
      isBetter(this.#problem, a.trial, b.trial) ? -1 : isBetter(this.#problem, b.trial, a.trial) ? 1 : 0,
    );
    const father = this.#random.chance(crossover) ? this.#parent(2, isAhead) : mother;
    const probability = Math.min(1, (mutations * strength) / mother.length);
    return mother.map((choice, i) => {
      const inherited = this.#random.chance(0.5) ? choice : father[i]!;
      const { length } = this.#problem.groups[i]!.choices;
      if (length === 1 || !this.#random.chance(probability)) return inherited;
      const other = this.#random.below(length - 1);
      return other < inherited ? other : other + 1;
    });
  }

  /** The best of some (tournament). */
  #parent(size: number, order: (a: Member, b: Member) => number): Configuration {
    const draw = () => this.#members[this.#random.below(this.#members.length)]!;
    return Array.from({ length: size }, draw).sort(order)[0]!.trial.configuration;
  }
}

/** Members with fronts and distances of each other, best first. */
function ranked(members: readonly Member[], lossLimit: number): Member[] {
  const points = members.map(({ point }) => point);
  const excess = points.map(([, loss]) => Math.max(0, loss - lossLimit));
  const ranks = frontRanks(points, (a, b) =>
    excess[a] === 0 && excess[b] === 0 ? dominates(points[a]!, points[b]!) : excess[a]! < excess[b]!,
  );
  const crowding = points.map(() => 0);
  for (let rank = 0; rank <= Math.max(...ranks); rank++) {
    const front = [...ranks.keys()].filter((i) => ranks[i] === rank);
    for (const [k, distance] of crowdingDistances(front.map((i) => points[i]!)).entries())
      crowding[front[k]!] = distance;
  }
  return members
    .map((member, i) => ({ ...member, rank: ranks[i]!, crowding: crowding[i]! }))
    .sort((a, b) => isAhead(a, b) || a.trial.id - b.trial.id);
}

/** By front, then by crowding, as in NSGA-II. */
function isAhead(a: Member, b: Member): number {
  return a.rank - b.rank || compare(b.crowding, a.crowding);
}
