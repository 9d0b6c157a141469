/** What lines of a journal say, and the check of what is read: a checksum tells of accidents, not of what was forged. */
import type { Json } from "../algorithm.ts";
import type { Configuration, Costs } from "../problem.ts";

export const FORMAT = "bitbudget study";
export const VERSION = 1;

/** All that decides how a study goes. */
export interface Header {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly problem: string;
  readonly algorithm: string;
  readonly settings: Json;
  readonly seed: number;
  /** Evaluations that are under way at once. */
  readonly parallel: number;
}

/** What an evaluation found. */
export type Outcome =
  | {
      /** Finite. */
      readonly loss: number;
      /** What was measured in place of, or besides, the sums that the problem knows. */
      readonly costs?: Costs;
      /** Anything else that is worth keeping, as an interval. */
      readonly details?: Json;
    }
  | {
      /** Why the configuration cannot be evaluated: the study goes on without it. */
      readonly failed: string;
    };

export interface TrialRecord {
  readonly id: number;
  readonly configuration: Configuration;
  readonly outcome: Outcome;
}

type Fail = (detail: string) => never;

/** A record as JSON. */
export function toJson({ id, configuration, outcome }: TrialRecord): Json {
  if ("failed" in outcome) return { id, configuration, failed: outcome.failed };
  const { loss, costs, details } = outcome;
  return {
    id,
    configuration,
    loss,
    ...(costs === undefined ? {} : { costs }),
    ...(details === undefined ? {} : { details }),
  };
}

/** What is wrong with an outcome; undefined if nothing is. */
export function complaint(outcome: unknown): string | undefined {
  if (!isRecord(outcome)) return "the outcome is no object";
  if ("failed" in outcome) return typeof outcome.failed === "string" ? undefined : "`failed` is no text";
  if (!Number.isFinite(outcome.loss))
    return `the loss is ${outcome.loss}, not a finite number; say { failed } where there is none`;
  const costs = outcome.costs;
  if (costs === undefined) return undefined;
  if (!isRecord(costs)) return "its costs are no object";
  const bad = Object.entries(costs).find(
    ([, cost]) => !(typeof cost === "number" && Number.isFinite(cost) && cost >= 0),
  );
  return bad && `${bad[0]} is ${bad[1]}, not a number from 0`;
}

export function parseHeader(value: unknown, fail: Fail): Header {
  if (!isRecord(value) || value.format !== FORMAT) return fail("it is no header of a study");
  const { version, problem, algorithm, settings, seed, parallel } = value;
  if (version !== VERSION)
    return fail(
      `the journal is of version ${JSON.stringify(version)}; this program reads version ${VERSION}`,
    );
  if (typeof problem !== "string" || typeof algorithm !== "string")
    return fail("its header lacks the problem or the algorithm");
  if (!isCount(seed) || !isCount(parallel) || parallel < 1)
    return fail("its header has no seed, or no number of evaluations at once");
  return {
    format: FORMAT,
    version: VERSION,
    problem,
    algorithm,
    settings: json(settings, fail),
    seed,
    parallel,
  };
}

export function parseTrial(value: unknown, fail: Fail): TrialRecord {
  if (!isRecord(value)) return fail("its record is no object");
  const { id, configuration, failed, loss, costs, details } = value;
  if (!isCount(id)) return fail("its trial has no number");
  if (!Array.isArray(configuration)) return fail("its configuration is no list of indices");
  const indices = configuration.map((index: unknown) =>
    isCount(index) ? index : fail("its configuration is no list of indices"),
  );
  const wrong = complaint(value);
  if (wrong !== undefined) return fail(wrong);
  if (typeof failed === "string") return { id, configuration: indices, outcome: { failed } };
  if (typeof loss !== "number") return fail("its loss is no number");
  return {
    id,
    configuration: indices,
    outcome: {
      loss,
      ...(costs === undefined ? {} : { costs: numbers(costs) }),
      ...(details === undefined ? {} : { details: json(details, fail) }),
    },
  };
}

function numbers(costs: unknown): Costs {
  const pairs = isRecord(costs) ? Object.entries(costs) : [];
  return Object.fromEntries(
    pairs.flatMap(([name, cost]) => (typeof cost === "number" ? [[name, cost]] : [])),
  );
}

/** What came out of JSON.parse, with its type. */
function json(value: unknown, fail: Fail): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number")
    return value;
  if (Array.isArray(value)) return value.map((each) => json(each, fail));
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, json(each, fail)]));
  return fail("its header lacks the settings");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
