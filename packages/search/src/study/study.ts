/**
 * A study: an algorithm, an executor and a journal.
 *
 * What the algorithm is told, and when, does not depend on how long evaluations take: with N under way, the trial with
 * number k is asked for when exactly those before k - N + 1 were told, in the order of their numbers. So a study that
 * resumes does the same again from the start, except that what is in the journal is not evaluated; and its choice is that of
 * a study that was never interrupted.
 */
import { type Algorithm, type AlgorithmSpec, bestOf, isBetter, type Trial } from "../algorithm.ts";
import { OutcomeError, SearchError, StudyMismatchError } from "../errors.ts";
import { paretoFront } from "../pareto.ts";
import { type Configuration, costsOf, isConfiguration, type Problem, scoreOf } from "../problem.ts";
import type { Executor } from "./executor.ts";
import { JournalWriter, readJournal } from "./journal.ts";
import {
  complaint,
  FORMAT,
  type Header,
  type Outcome,
  type TrialRecord,
  toJson,
  VERSION,
} from "./records.ts";
import { type StopReason, type StopRules, Stopwatch } from "./stop.ts";
import { type JournalStorage, memoryStorage } from "./storage.ts";

export interface StudyOptions {
  readonly problem: Problem;
  readonly algorithm: AlgorithmSpec;
  /** Default: in memory. */
  readonly storage?: JournalStorage;
  /** An integer from 0. Default 0. */
  readonly seed?: number;
  /** How many evaluations are under way at once. Default 1. A study that is resumed keeps its own number. */
  readonly parallel?: number;
}

export interface RunOptions extends StopRules {
  /** Ends the study: evaluations under way are aborted, those that complete nevertheless are kept, and nothing is thrown. */
  readonly signal?: AbortSignal;
  /** Milliseconds from anywhere. Default: performance.now. */
  readonly now?: () => number;
}

/** A trial that was told, and how things stand after it. */
export interface Progress {
  readonly trial: Trial;
  /** Whether it was in the journal already. */
  readonly isReplayed: boolean;
  readonly isBest: boolean;
  readonly best: Trial;
  /** How many trials were told. */
  readonly trials: number;
  /** By the limits of trials and time, whichever comes first; undefined where nobody knows. */
  readonly secondsLeft: number | undefined;
}

export interface StudyResult {
  /** The best so far: the cheapest within the budget, or what comes nearest to it. Undefined before the first trial. */
  readonly best: Trial | undefined;
  /** Whether that is within the budget. */
  readonly isWithinBudget: boolean;
  /** Trials that none beats in both score and loss, by score. */
  readonly front: readonly Trial[];
  /** In the order of their numbers. */
  readonly trials: readonly Trial[];
  readonly stopped: StopReason;
}

export interface Study {
  readonly header: Header;
  /** How many trials the journal had when it was opened, and bytes of a torn line that were taken away. */
  readonly recovered: { readonly trials: number; readonly tornBytes: number };
  /**
   * Makes trials until a limit is reached, those in the journal included; another run goes on. Each trial is in the journal
   * before it is told of. To stop iterating stops the study.
   */
  run(executor: Executor, options?: RunOptions): AsyncGenerator<Progress, StudyResult, void>;
}

/**
 * Begins a study, or opens the one that is in the storage.
 * @throws SearchError, JournalError, JournalWriteError, StudyMismatchError
 */
export async function openStudy(options: StudyOptions): Promise<Study> {
  const { problem, algorithm, storage = memoryStorage(), seed = 0, parallel = 1 } = options;
  checkInteger("seed", seed, 0);
  checkInteger("number of evaluations at once", parallel, 1);
  const content = readJournal(await storage.read());
  const present: Header = {
    format: FORMAT,
    version: VERSION,
    problem: problem.fingerprint,
    algorithm: algorithm.name,
    settings: algorithm.settings,
    seed,
    parallel,
  };
  const header = content.header ?? present;
  for (const what of ["problem", "algorithm", "settings", "seed"] as const)
    if (canonical(header[what]) !== canonical(present[what]))
      throw new StudyMismatchError(what, canonical(header[what]), canonical(present[what]));
  for (const { id, configuration } of content.trials)
    if (!isConfiguration(problem, configuration))
      throw new StudyMismatchError(`trial ${id}`, `[${configuration}]`, "no configuration of this problem");
  if (content.torn > 0) await storage.truncate(content.length);
  const journal = new JournalWriter(storage);
  if (content.header === undefined) await journal.write({ ...header });
  const records = new Map(content.trials.map((record) => [record.id, record]));
  const state = { problem, algorithm, header, journal, records };
  let isRunning = false;
  return {
    header,
    recovered: { trials: records.size, tornBytes: content.torn },
    async *run(executor, options = {}) {
      if (isRunning)
        throw new SearchError("a study has one run at a time; wait for the other one, or abort it");
      isRunning = true;
      try {
        return yield* run(state, executor, options);
      } finally {
        isRunning = false;
      }
    },
  };
}

function checkInteger(what: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least))
    throw new SearchError(`${value} is no ${what}; use an integer from ${least}`);
}

/** Others wait for their turn no longer than this and one trial. */
const TURN_MS = 50;

interface State {
  readonly problem: Problem;
  readonly algorithm: AlgorithmSpec;
  readonly header: Header;
  readonly journal: JournalWriter;
  /** By number; what is added is in the journal. */
  readonly records: Map<number, TrialRecord>;
}

interface Pending {
  readonly id: number;
  readonly configuration: Configuration;
  readonly isReplayed: boolean;
  /** Undefined: aborted. */
  readonly outcome: Promise<Outcome | undefined>;
}

async function* run(
  state: State,
  executor: Executor,
  options: RunOptions,
): AsyncGenerator<Progress, StudyResult, void> {
  const { problem, header, records } = state;
  const algorithm: Algorithm = await state.algorithm.create(problem, header.seed);
  const stopwatch = new Stopwatch(options, options.now ?? (() => performance.now()));
  const abort = new AbortController();
  const signal =
    options.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, options.signal]);
  const trials: Trial[] = [];
  const pending: Pending[] = [];
  let turn = performance.now();
  let best: Trial | undefined;
  let asked = 0;
  let stopped: StopReason | undefined;
  try {
    for (;;) {
      // Replays and algorithms, and some evaluations, never leave the microtasks.
      if (performance.now() > turn + TURN_MS) {
        await macrotask();
        turn = performance.now();
      }
      stopped ??= signal.aborted ? "aborted" : stopwatch.reason(trials.length);
      while (stopped === undefined && pending.length < header.parallel && stopwatch.allows(asked)) {
        const configuration = algorithm.ask();
        if (configuration === undefined) break;
        pending.push(begin(state, executor, asked++, configuration, signal));
      }
      const first = pending.shift();
      if (first === undefined) break;
      const outcome = await first.outcome;
      // Nothing after it can be told either: the order would be another one.
      if (outcome === undefined) {
        stopped = "aborted";
        break;
      }
      const trial = toTrial(problem, first, outcome);
      trials.push(trial);
      algorithm.tell(trial);
      const isBest = best === undefined || isBetter(problem, trial, best);
      if (isBest) best = trial;
      stopwatch.count(isBest, first.isReplayed);
      yield {
        trial,
        isReplayed: first.isReplayed,
        isBest,
        best: best ?? trial,
        trials: trials.length,
        secondsLeft: stopwatch.secondsLeft(trials.length),
      };
    }
    stopped ??= stopwatch.reason(trials.length) ?? "exhausted";
  } finally {
    abort.abort();
    // What completes nevertheless is kept.
    await Promise.allSettled(pending.map(({ outcome }) => outcome));
  }
  // Trials that others went before, in an earlier run or in this one, count in the result although they were not told.
  const known = new Set(trials.map(({ id }) => id));
  const rest = [...records.values()].filter(({ id }) => !known.has(id)).sort((a, b) => a.id - b.id);
  return resultOf(
    problem,
    [...trials, ...rest.map((record) => toTrial(problem, record, record.outcome))],
    stopped,
  );
}

/** Evaluates a configuration and writes what came out, or finds it in the journal. */
function begin(
  { header, journal, records }: State,
  executor: Executor,
  id: number,
  configuration: Configuration,
  signal: AbortSignal,
): Pending {
  const record = records.get(id);
  if (record !== undefined && record.configuration.join() !== configuration.join())
    throw new StudyMismatchError(
      `trial ${id}`,
      `[${record.configuration}]`,
      `[${configuration}] by ${header.algorithm}, which must have changed since`,
    );
  const outcome = record === undefined ? evaluate() : Promise.resolve(record.outcome);
  // An error is thrown when its turn comes; until then it is not unhandled.
  outcome.catch(() => {});
  return { id, configuration, isReplayed: record !== undefined, outcome };

  async function evaluate(): Promise<Outcome | undefined> {
    let found: Outcome;
    try {
      found = await executor.evaluate(configuration, { id, signal });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
    const wrong = complaint(found);
    if (wrong !== undefined) throw new OutcomeError(id, wrong);
    const complete = { id, configuration, outcome: found };
    await journal.write(toJson(complete));
    records.set(id, complete);
    return found;
  }
}

function toTrial(
  problem: Problem,
  { id, configuration }: { id: number; configuration: Configuration },
  outcome: Outcome,
): Trial {
  const sums = costsOf(problem, configuration);
  if ("failed" in outcome)
    return { id, configuration, loss: Number.POSITIVE_INFINITY, costs: sums, failed: outcome.failed };
  const { loss, costs, details } = outcome;
  return {
    id,
    configuration,
    loss,
    costs: { ...sums, ...costs },
    ...(details === undefined ? {} : { details }),
  };
}

function resultOf(problem: Problem, trials: readonly Trial[], stopped: StopReason): StudyResult {
  const best = bestOf(problem, trials);
  const measured = trials.filter(({ loss }) => Number.isFinite(loss));
  const points = measured.map(({ loss, costs }) => [scoreOf(problem, costs), loss]);
  const front = paretoFront(points).sort((a, b) => points[a]![0]! - points[b]![0]! || a - b);
  return {
    best,
    isWithinBudget: best !== undefined && best.loss <= problem.budget,
    front: front.map((i) => measured[i]!),
    trials,
    stopped,
  };
}

/** Lets timers, signals and input have their turn, in a task of its own. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** JSON with sorted keys: equal for equal values. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
