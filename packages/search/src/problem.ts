/**
 * What is searched: for each group one of several choices, so that the costs are low and the loss is within a budget.
 *
 * A group is whatever must be decided at once (a layer, or layers that share a scale). Known costs add up over groups
 * (bytes, measured milliseconds of each kernel, joules); the loss (of accuracy, say) has to be measured, and may have been
 * predicted for each choice. The problem is plain data that is checked once.
 */
import { crc32 } from "./crc32.ts";
import { ProblemError } from "./errors.ts";
import { type Rule, restrict } from "./rules.ts";

/** Amounts by name, as `latencyMs`, `bytes`, `energyMj`. */
export type Costs = Readonly<Record<string, number>>;

export interface Choice {
  /** As "int8 per channel". Choices of different groups that have the same label are the same choice to `uniform`. */
  readonly label: string;
  /** What this choice adds to each cost: finite, not negative. */
  readonly costs: Costs;
  /** What it is predicted to add to the loss, if anything is known; see `sensitivity.ts` for what happens otherwise. */
  readonly loss?: number;
}

export interface Group {
  readonly name: string;
  readonly choices: readonly Choice[];
}

/** One choice for each group, as its index. */
export type Configuration = readonly number[];

export interface ProblemOptions {
  readonly groups: readonly Group[];
  /**
   * What is minimized: costs by name with their weights. Each counts relative to that of the reference, so weights say what
   * matters how much whatever the units are. The score of the reference is 1.
   */
  readonly objective: Costs;
  /** The loss that is allowed: finite, not negative. */
  readonly budget: number;
  /** The label of a choice for each group by name, or for all groups: what costs are compared with. Default: the first ones. */
  readonly reference?: string | Readonly<Record<string, string>>;
  /** Pins, bans and limits; choices that they take away are gone from `groups`. */
  readonly rules?: readonly Rule[];
}

export interface Problem {
  readonly groups: readonly Group[];
  readonly objective: Costs;
  readonly budget: number;
  readonly reference: Configuration;
  /** What each choice of each group adds to the score. */
  readonly scores: readonly (readonly number[])[];
  /** Of everything that decides what a search does: equal problems have equal fingerprints. */
  readonly fingerprint: string;
}

/**
 * A problem that is complete and consistent.
 * @throws ProblemError, RuleError
 */
export function createProblem(options: ProblemOptions): Problem {
  const { groups: all, objective, budget, reference: named, rules = [] } = options;
  if (!(Number.isFinite(budget) && budget >= 0))
    throw new ProblemError("budget", `${budget} is not a loss that can be allowed; use a number from 0`);
  checkGroups(all);
  const weights = Object.entries(objective);
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  if (!(weights.every(([, weight]) => Number.isFinite(weight) && weight >= 0) && total > 0))
    throw new ProblemError("objective", "weights are numbers from 0, and one at least is above 0");
  const base = referenceCosts(all, named);
  for (const [cost] of weights) {
    const missing = all.find(({ choices }) => choices.some(({ costs }) => costs[cost] === undefined));
    if (missing !== undefined)
      throw new ProblemError(missing.name, `a choice says nothing of ${cost}, which is to be minimized`);
    if (!((base[cost] ?? 0) > 0))
      throw new ProblemError(
        "objective",
        `${cost} of the reference is 0, which nothing can be compared with`,
      );
  }
  const groups = restrict(all, rules);
  const factors = weights.map(([cost, weight]) => [cost, weight / total / base[cost]!] as const);
  const scores = groups.map(({ choices }) =>
    choices.map(({ costs }) => factors.reduce((sum, [cost, factor]) => sum + factor * costs[cost]!, 0)),
  );
  const reference = groups.map((group) => Math.max(0, labelIndex(group, referenceLabel(group, named))));
  const text = JSON.stringify([groups, Object.fromEntries(factors), budget, reference]);
  const fingerprint = crc32(new TextEncoder().encode(text)).toString(16).padStart(8, "0");
  return {
    groups,
    objective: Object.fromEntries(factors),
    budget,
    reference,
    scores,
    fingerprint: `${groups.length}-${fingerprint}`,
  };
}

function checkGroups(groups: readonly Group[]): void {
  if (groups.length === 0) throw new ProblemError("groups", "there is nothing to choose");
  distinct(groups.map(({ name }) => name)).forEach((name) => {
    throw new ProblemError(name, "two groups have this name");
  });
  for (const { name, choices } of groups) {
    if (choices.length === 0) throw new ProblemError(name, "it has no choices");
    distinct(choices.map(({ label }) => label)).forEach((label) => {
      throw new ProblemError(name, `two choices have the label ${JSON.stringify(label)}`);
    });
    for (const { label, costs, loss } of choices) {
      const bad = Object.entries(costs).find(([, cost]) => !(Number.isFinite(cost) && cost >= 0));
      if (bad !== undefined)
        throw new ProblemError(name, `${bad[0]} of ${label} is ${bad[1]}; use a number from 0`);
      if (loss !== undefined && !Number.isFinite(loss))
        throw new ProblemError(name, `the loss of ${label} is ${loss}; leave out what is not known`);
    }
  }
}

/** Those that occur more than once. */
function distinct(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.has(name) || !seen.add(name));
}

function referenceLabel(group: Group, named: ProblemOptions["reference"]): string | undefined {
  return typeof named === "object" ? named[group.name] : named;
}

function labelIndex({ choices }: Group, label: string | undefined): number {
  return label === undefined ? 0 : choices.findIndex((choice) => choice.label === label);
}

/** Costs of the reference before rules take anything away. */
function referenceCosts(
  groups: readonly Group[],
  named: ProblemOptions["reference"],
): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const group of groups) {
    const label = referenceLabel(group, named);
    const choice = group.choices[labelIndex(group, label)];
    if (choice === undefined)
      throw new ProblemError(
        group.name,
        `it has no choice ${JSON.stringify(label)}, which is to be the reference`,
      );
    for (const [name, cost] of Object.entries(choice.costs)) sum[name] = (sum[name] ?? 0) + cost;
  }
  return sum;
}

/** The sums of what all choices say of each cost. A cost that a choice says nothing of is left out. */
export function costsOf({ groups }: Problem, configuration: Configuration): Record<string, number> {
  const chosen = groups.map(({ choices }, i) => choices[configuration[i]!]!);
  const names = Object.keys(chosen[0]!.costs).filter((name) =>
    chosen.every(({ costs }) => costs[name] !== undefined),
  );
  return Object.fromEntries(
    names.map((name) => [name, chosen.reduce((sum, { costs }) => sum + costs[name]!, 0)]),
  );
}

/** Costs as one number: 1 for those of the reference; less is better. */
export function scoreOf({ objective }: Problem, costs: Costs): number {
  return Object.entries(objective).reduce(
    (sum, [name, factor]) => sum + factor * (costs[name] ?? Number.NaN),
    0,
  );
}

/** Labels by the name of the group. */
export function labelsOf({ groups }: Problem, configuration: Configuration): Record<string, string> {
  return Object.fromEntries(groups.map(({ name, choices }, i) => [name, choices[configuration[i]!]!.label]));
}

/** Whether there is such a configuration. */
export function isConfiguration({ groups }: Problem, indices: readonly unknown[]): indices is Configuration {
  return (
    indices.length === groups.length &&
    groups.every(({ choices }, i) => {
      const index = indices[i];
      return typeof index === "number" && Number.isInteger(index) && index >= 0 && index < choices.length;
    })
  );
}
