/** One row: rivals are checked against us, then all are timed together. Kernels and models differ in what they prepare. */
import { disagreement, type Tolerance } from "./compare.ts";
import { type Contender, measure, type Plan } from "./measure.ts";
import type { Problem, RivalTime, TimedRow, Work } from "./row.ts";
import { type Estimate, ratioOf } from "./statistics.ts";

/** A rival that is ready to run. */
export interface Entrant extends Contender {
  /** Its result as real numbers, in our order. */
  values(): Promise<ArrayLike<number>>;
  release(): void | Promise<void>;
}

export interface Candidate {
  readonly name: string;
  readonly tolerance: Tolerance;
  /** Rejects where the rival does not run this. */
  open(): Promise<Entrant>;
}

export interface Ours {
  readonly whole: Contender;
  readonly alone?: Contender;
  readonly values: ArrayLike<number>;
  readonly kernel: string;
  readonly macs: number | undefined;
}

/** Opens the candidates one by one, drops those that fail or disagree, times the rest with us. */
export async function contest(
  work: Work,
  ours: Ours,
  candidates: readonly Candidate[],
  plan: Partial<Plan>,
): Promise<TimedRow> {
  const problems: Problem[] = [];
  const entrants: Entrant[] = [];
  try {
    for (const candidate of candidates) {
      const entrant = await admit(candidate, ours.values, problems);
      if (entrant !== undefined) entrants.push(entrant);
    }
    const { whole, alone } = ours;
    const contenders = [whole, ...(alone === undefined ? [] : [alone]), ...entrants];
    const times = await measure(contenders, plan);
    const time = times[0]!;
    const offset = contenders.length - entrants.length;
    const rivals = entrants.map(({ name }, i): [string, RivalTime] => {
      const theirs = times[offset + i]!;
      return [name, { ...theirs, ...ratioOf(theirs, time) }];
    });
    const kernelTime = alone === undefined ? undefined : times[1];
    return {
      ...work,
      status: "timed",
      kernel: ours.kernel,
      ...time,
      gmacs: gmacs(ours.macs, time),
      ...(kernelTime !== undefined && { kernelOnly: { ...kernelTime, gmacs: gmacs(ours.macs, kernelTime) } }),
      rivals: Object.fromEntries(rivals),
      problems,
    };
  } finally {
    for (const entrant of entrants) await entrant.release();
  }
}

async function admit(
  { name, tolerance, open }: Candidate,
  ours: ArrayLike<number>,
  problems: Problem[],
): Promise<Entrant | undefined> {
  let entrant: Entrant | undefined;
  try {
    entrant = await open();
    const message = disagreement(ours, await entrant.values(), tolerance);
    if (message === undefined) return entrant;
    problems.push({ rival: name, kind: "disagrees", message });
  } catch (error) {
    problems.push({ rival: name, kind: "fails", message: messageOf(error) });
  }
  await entrant?.release();
  return undefined;
}

function gmacs(macs: number | undefined, { medianMs }: Estimate): number | null {
  return macs === undefined ? null : macs / medianMs / 1e6;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
