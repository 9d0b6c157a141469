/**
 * The tree-structured Parzen estimator (Bergstra et al., "Algorithms for hyper-parameter optimization", 2011), for choices
 * without an order: of many candidates that resemble good trials, the one that resembles other trials least.
 *
 * "Good" are the best part of all trials: those within the budget by score, then the others by loss. Resemblance is
 * either of each group alone, by how often a choice was made, or of whole configurations (multivariate, as in BOHB;
 * Falkner et al. 2018), by the kernel of Aitchison and Aitken (1976) about each trial.
 */
import { type Algorithm, type AlgorithmSpec, isBetter, type Trial } from "../algorithm.ts";
import { SearchError } from "../errors.ts";
import type { Configuration, Problem } from "../problem.ts";
import { Random } from "../random.ts";
import { Distinct, randomConfiguration } from "./distinct.ts";
import { uniformConfigurations } from "./uniform.ts";

export interface TpeOptions {
  /** Trials before anything is estimated: uniform ones first, then random ones. Default 20. */
  readonly startup?: number;
  /** Configurations among which one is chosen. Default 24. */
  readonly candidates?: number;
  /** The part of trials that is good. Default 0.1; never more than 25 trials. */
  readonly good?: number;
  /** Default true. */
  readonly multivariate?: boolean;
}

type Settings = Required<TpeOptions>;

const MOST_GOOD = 25;
/** Probability that a kernel says something else than its trial, of the whole configuration: a few groups change. */
const CHANGES = 2;

export function tpe(options: TpeOptions = {}): AlgorithmSpec {
  const settings = { startup: 20, candidates: 24, good: 0.1, multivariate: true, ...options };
  if (!(settings.good > 0 && settings.good < 1))
    throw new SearchError(`the good part of trials is between 0 and 1, not ${settings.good}`);
  return {
    name: "tpe",
    settings,
    create: (problem, seed) => new Tpe(problem, settings, new Random(seed)),
  };
}

class Tpe implements Algorithm {
  readonly #problem: Problem;
  readonly #settings: Settings;
  readonly #random: Random;
  readonly #distinct = new Distinct();
  readonly #first: Configuration[];
  /** Best first. */
  readonly #trials: Trial[] = [];
  #asked = 0;

  constructor(problem: Problem, settings: Settings, random: Random) {
    this.#problem = problem;
    this.#settings = settings;
    this.#random = random;
    this.#first = uniformConfigurations(problem);
  }

  ask(): Configuration | undefined {
    const { startup, candidates, good, multivariate } = this.#settings;
    const isFirst = this.#asked++ < startup || this.#trials.length < 2;
    for (let first = this.#first.shift(); first !== undefined; first = this.#first.shift())
      if (this.#distinct.add(first)) return first;
    if (isFirst) return this.#distinct.draw(() => randomConfiguration(this.#problem, this.#random));
    const count = Math.min(MOST_GOOD, Math.ceil(good * this.#trials.length));
    const configurations = this.#trials.map(({ configuration }) => configuration);
    const estimator = multivariate ? Kernels : Frequencies;
    const low = new estimator(this.#problem, configurations.slice(0, count));
    const high = new estimator(this.#problem, configurations.slice(count));
    return this.#distinct.draw(() => {
      let best: { readonly configuration: Configuration; readonly ratio: number } | undefined;
      for (let i = 0; i < candidates; i++) {
        const configuration = low.draw(this.#random);
        const ratio = low.logDensity(configuration) - high.logDensity(configuration);
        if (best === undefined || ratio > best.ratio) best = { configuration, ratio };
      }
      return best!.configuration;
    });
  }

  tell(trial: Trial): void {
    const position = this.#trials.findIndex((other) => isBetter(this.#problem, trial, other));
    this.#trials.splice(position < 0 ? this.#trials.length : position, 0, trial);
  }
}

interface Density {
  draw(random: Random): Configuration;
  logDensity(configuration: Configuration): number;
}

/** Each group alone: how often each choice was made, and once more all of them together. */
class Frequencies implements Density {
  readonly #parts: number[][];

  constructor({ groups }: Problem, configurations: readonly Configuration[]) {
    this.#parts = groups.map(({ choices }, group) => {
      const counts = choices.map(() => 1 / choices.length);
      for (const configuration of configurations) counts[configuration[group]!]! += 1;
      return counts.map((count) => count / (configurations.length + 1));
    });
  }

  draw(random: Random): Configuration {
    return this.#parts.map((parts) => random.weighted(parts));
  }

  logDensity(configuration: Configuration): number {
    return this.#parts.reduce((sum, parts, group) => sum + Math.log(parts[configuration[group]!]!), 0);
  }
}

/** A mixture of what resembles each trial, and of anything. */
class Kernels implements Density {
  readonly #sizes: readonly number[];
  readonly #centers: readonly Configuration[];
  readonly #change: number;

  constructor({ groups }: Problem, configurations: readonly Configuration[]) {
    this.#sizes = groups.map(({ choices }) => choices.length);
    this.#centers = configurations;
    this.#change = Math.min(0.5, CHANGES / groups.length);
  }

  draw(random: Random): Configuration {
    const center = this.#centers[random.below(this.#centers.length + 1)];
    return this.#sizes.map((size, group) =>
      center === undefined || random.chance(this.#change) ? random.below(size) : center[group]!,
    );
  }

  logDensity(configuration: Configuration): number {
    const anything = this.#sizes.reduce((sum, size) => sum - Math.log(size), 0);
    const logs = this.#centers.map((center) =>
      this.#sizes.reduce((sum, size, group) => {
        const other = this.#change / size;
        return sum + Math.log(center[group] === configuration[group] ? 1 - this.#change + other : other);
      }, 0),
    );
    const largest = Math.max(anything, ...logs);
    const total = [anything, ...logs].reduce((sum, log) => sum + Math.exp(log - largest), 0);
    return largest + Math.log(total / (logs.length + 1));
  }
}
