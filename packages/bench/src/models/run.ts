/** Runs models against the rivals, row by row: a session of ours and one of theirs, on the same file and feeds. */
import type { Backend } from "@bitbudget/backend";
import { elementCount, type HostTensor, valuesOf } from "@bitbudget/core";
import { parseModel } from "@bitbudget/onnx";
import { createSession, type Session } from "@bitbudget/runtime";
import { type OwnRival, ownRivalsFor } from "../backends.ts";
import type { Tolerance } from "../compare.ts";
import { type Candidate, contest, messageOf } from "../contest.ts";
import type { Plan } from "../measure.ts";
import { type Onnxruntime, openOrt } from "../rivals/onnxruntime.ts";
import type { Rivals } from "../rivals/rivals.ts";
import type { Row, Work } from "../row.ts";
import { type FeedOptions, randomFeeds } from "./feeds.ts";
import { macsOf } from "./macs.ts";

/** A row before its file is read. */
export interface ModelCase {
  readonly op: "model";
  readonly scheme: string;
  /** Name of the model. */
  readonly shape: string;
  readonly feeds?: FeedOptions;
  bytes(): Promise<Uint8Array>;
  /** The same model before it was quantized, whose speed in onnxruntime-web is the one to beat. */
  readonly float?: () => Promise<Uint8Array>;
}

export interface ModelRun {
  readonly backend: Backend;
  readonly others: readonly OwnRival[];
  readonly rivals: Rivals;
  readonly threads: number;
  readonly plan?: Partial<Plan>;
}

export const modelPlan: Partial<Plan> = {
  budgetMs: 3000,
  warmupMs: 100,
  sampleMs: 5,
  slotMs: 40,
  minRounds: 6,
  limitMs: 20_000,
};

/** Whole models take the specification too long; these are the ones that do not. */
export const SMALL_MODEL = 1e6;

/** The row of a model; never rejects: what goes wrong is in the row. */
export async function runModel(modelCase: ModelCase, run: ModelRun): Promise<Row> {
  const { op, scheme, shape } = modelCase;
  const { backend, threads, rivals } = run;
  const work: Work = { op, scheme, shape, threads, backend: backend.name };
  try {
    const bytes = await modelCase.bytes();
    await using session = await createSession(bytes, { backend });
    const feeds = randomFeeds(session.inputs, modelCase.feeds);
    const macs = macsOf(parseModel(bytes), shapesOf(feeds));
    const tolerance = toleranceOf(scheme);
    const { float } = modelCase;
    const candidates: Candidate[] = [
      ...rivals.onnxruntimes.map((runtime) => ortCandidate(runtime, "", async () => bytes, feeds, tolerance)),
      ...(float === undefined
        ? []
        : rivals.onnxruntimes
            .filter(({ name }) => name === "ort-web")
            .map((runtime) => ortCandidate(runtime, "float32 file", float, feeds, unquantized))),
      // What cannot be counted beforehand, as recurrent layers cannot, is small in all models of the list.
      ...ownRivalsFor(run.others, macs ?? 0).map(({ name, backend: other }) => ({
        name,
        tolerance,
        async open() {
          const mine = await createSession(bytes, { backend: other });
          return {
            name,
            run: runs(mine, feeds),
            values: async () => numbersOf(await mine.run(feeds)),
            release: () => mine.dispose(),
          };
        },
      })),
    ];
    const values = numbersOf(await session.run(feeds));
    return await contest(
      work,
      {
        whole: { name: backend.name, run: runs(session, feeds) },
        values,
        kernel: planSummary(session),
        macs,
      },
      candidates,
      { pauseMs: threads > 1 ? 5 : 0, ...modelPlan, ...run.plan },
    );
  } catch (error) {
    return { ...work, status: "failed", error: messageOf(error) };
  }
}

/** Noise of the codes lies between them; results that have nothing to do with each other differ by 1.4. */
const unquantized: Tolerance = { rms: 1 };

function ortCandidate(
  runtime: Onnxruntime,
  label: string,
  bytes: () => Promise<Uint8Array>,
  feeds: Readonly<Record<string, HostTensor>>,
  tolerance: Tolerance,
): Candidate {
  return {
    name: `${runtime.name} ${label}`.trim(),
    tolerance,
    async open() {
      const rival = await openOrt(runtime, label, await bytes(), feeds);
      return {
        name: rival.name,
        run: (times) => rival.run(times),
        values: async () => numbersOf(await rival.results()),
        release: () => rival.release(),
      };
    },
  };
}

function runs(session: Session, feeds: Readonly<Record<string, HostTensor>>) {
  return async (times: number) => {
    for (let i = 0; i < times; i++) await session.run(feeds);
  };
}

function shapesOf(feeds: Readonly<Record<string, HostTensor>>): Record<string, readonly number[]> {
  return Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape]));
}

/** All outputs behind one another, in the order of their names. */
function numbersOf(results: Readonly<Record<string, HostTensor>>): Float64Array {
  const outputs = Object.entries(results).sort(([a], [b]) => (a < b ? -1 : 1));
  const numbers = new Float64Array(outputs.reduce((sum, [, { shape }]) => sum + elementCount(shape), 0));
  let at = 0;
  for (const [, output] of outputs) for (const value of valuesOf(output)) numbers[at++] = Number(value);
  return numbers;
}

/** Where codes are rounded, a sum that is off in its last place may end one code away, and the layers after it follow. */
function toleranceOf(scheme: string): Tolerance {
  return scheme === "float32" ? { rms: 1e-3 } : { rms: 0.1 };
}

/** "24 native, 2 fallback: Resize" */
function planSummary({ plan }: Session): string {
  const rows = plan?.rows ?? [];
  const counts = (["native", "decoded", "fallback", "host"] as const).map((how) => {
    const those = rows.filter((row) => row.how === how);
    if (those.length === 0) return "";
    const named = how === "fallback" ? `: ${[...new Set(those.map(({ opType }) => opType))].join(" ")}` : "";
    return `${those.length} ${how}${named}`;
  });
  return counts.filter(Boolean).join(", ");
}
