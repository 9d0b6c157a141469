/** Training steps against the rivals, row by row. */
import type { Backend } from "@bitbudget/backend";
import { type OwnRival, ownRivalsFor } from "../backends.ts";
import type { Tolerance } from "../compare.ts";
import { type Candidate, contest, messageOf } from "../contest.ts";
import type { Plan } from "../measure.ts";
import { macsOf } from "../models/macs.ts";
import type { Tfjs } from "../rivals/rivals.ts";
import type { Row, Work } from "../row.ts";
import type { TrainCase, TrainProblem } from "./networks.ts";
import { trainOurs } from "./ours.ts";
import { trainTfjs } from "./tfjs.ts";

export interface TrainRun {
  readonly backend: Backend;
  readonly others: readonly OwnRival[];
  readonly tfjs: Tfjs;
  /** Backends of TensorFlow.js, and the most multiply-adds of a step that each does in a few seconds. */
  readonly tfjsBackends: readonly { readonly name: string; readonly maxMacs: number }[];
  readonly threads: number;
}

/** Steps are long, and some rivals take a second for one. */
const plan: Partial<Plan> = {
  budgetMs: 6000,
  warmupMs: 200,
  sampleMs: 10,
  slotMs: 100,
  minRounds: 5,
  limitMs: 20_000,
};

/** Of the loss and all gradients: sums in float32 of many thousand terms, normalized layer after layer. */
const tolerance: Tolerance = { rms: 2e-3 };

/** Multiply-adds of a step that plain JavaScript does in a few seconds. */
export const SMALL_STEP = 2.5e8;

/** A multiply-add of the network is one of its gradient by the input too, and one of that by the weights. */
const PASSES = 3;

/** The row of a network; never rejects: what goes wrong is in the row. */
export async function runTraining(trainCase: TrainCase, run: TrainRun): Promise<Row> {
  const { op, scheme, shape } = trainCase;
  const { backend, threads } = run;
  const work: Work = { op, scheme, shape, threads, backend: backend.name };
  try {
    const problem = trainCase.build();
    const shapes = Object.entries(problem.batch.feeds).map(([name, feed]) => [name, feed.shape]);
    const macs = PASSES * (macsOf(problem.model, Object.fromEntries(shapes)) ?? 0);
    const ours = await trainOurs(backend.name, backend, problem);
    try {
      const row = await contest(
        work,
        {
          whole: ours,
          values: await ours.values(),
          kernel: "one step: loss, gradients, momentum; batch and loss in host memory",
          macs,
        },
        candidates(problem, macs, run),
        plan,
      );
      return { ...row, samplesPerSecond: (problem.samples / row.medianMs) * 1000 };
    } finally {
      await ours.release();
    }
  } catch (error) {
    return { ...work, status: "failed", error: messageOf(error) };
  }
}

function candidates(
  problem: TrainProblem,
  macs: number,
  { others, tfjs, tfjsBackends }: TrainRun,
): Candidate[] {
  return [
    ...tfjsBackends
      .filter(({ maxMacs }) => macs <= maxMacs)
      .map(({ name }) => ({
        name: `tfjs-${name}`,
        tolerance,
        open: () => trainTfjs(tfjs, name, problem),
      })),
    ...ownRivalsFor(others, macs).map(({ name, backend }) => ({
      name,
      tolerance,
      open: () => trainOurs(name, backend, problem),
    })),
  ];
}
