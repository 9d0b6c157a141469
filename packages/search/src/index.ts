/** Searches for one choice of each group of a problem: costs low, loss within a budget. */
export {
  type Algorithm,
  type AlgorithmSpec,
  bestOf,
  isBetter,
  type Json,
  type Trial,
} from "./algorithm.ts";
export { type EvolutionaryOptions, evolutionary } from "./algorithms/evolutionary.ts";
export { type GreedyOptions, greedy } from "./algorithms/greedy.ts";
export { type IntegerProgramOptions, integerProgram } from "./algorithms/integer-program.ts";
export { randomSearch } from "./algorithms/random.ts";
export { type TpeOptions, tpe } from "./algorithms/tpe.ts";
export { uniform, uniformConfigurations } from "./algorithms/uniform.ts";
export { correct } from "./correction.ts";
export * from "./errors.ts";
export { crowdingDistances, dominates, frontRanks, hypervolume, type Point, paretoFront } from "./pareto.ts";
export * from "./problem.ts";
export { Random } from "./random.ts";
export { matches, type Rule, restrict } from "./rules.ts";
export { type LossModel, predict, Sensitivity } from "./sensitivity.ts";
export { type HighsOptions, loadHighs } from "./solver/highs.ts";
export { type Knapsack, solveKnapsack } from "./solver/multiple-choice.ts";
export {
  type Certificate,
  certify,
  type PairedResults,
  type Plan,
  samplesToCertify,
} from "./statistics/certify.ts";
export { normalQuantile, studentQuantile } from "./statistics/distributions.ts";
export * from "./statistics/intervals.ts";
export { type EvaluationContext, type Executor, functionExecutor } from "./study/executor.ts";
export { type JournalContent, readJournal } from "./study/journal.ts";
export type { Header, Outcome, TrialRecord } from "./study/records.ts";
export type { StopReason, StopRules } from "./study/stop.ts";
export { type JournalStorage, memoryStorage } from "./study/storage.ts";
export {
  openStudy,
  type Progress,
  type RunOptions,
  type Study,
  type StudyOptions,
  type StudyResult,
} from "./study/study.ts";
