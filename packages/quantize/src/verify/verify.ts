/** Runs a model on every runner it is meant for, and says where they differ: from each other, and from the float model. */
import { type HostTensor, valuesOf } from "@bitbudget/core";
import type { ModelProto } from "@bitbudget/onnx";
import type { Feeds, Results } from "@bitbudget/runtime";
import type { Batches } from "@bitbudget/train";
import { epochOf, pause } from "../epoch.ts";
import { QuantizeError } from "../errors.ts";
import { beyond, DifferenceSums, defaultTolerance, type Tolerance } from "./difference.ts";
import { VerificationError } from "./errors.ts";
import { loadFault, runFault } from "./failures.ts";
import { findFault } from "./locate.ts";
import { AgreementSums, type PredictionOptions, predictionsOf } from "./predictions.ts";
import { type RunnerReport, type Verification, verification } from "./report.ts";
import type { Runner, RunnerFactory, Suspect } from "./runner.ts";

export interface VerifyOptions {
  /** The first one is right, and the others are compared with it: this project's runtime. */
  readonly runners: Readonly<Record<string, RunnerFactory>>;
  readonly batches: Batches;
  /** Runs the float model; it is not disposed of. */
  readonly reference?: Runner;
  /** What is left out is as in `defaultTolerance`. */
  readonly tolerance?: Partial<Tolerance>;
  /** Where the predictions of a classifier are; without it the last axis of the first output. False where there are none. */
  readonly predictions?: PredictionOptions | false;
  /**
   * Outputs may be further apart than the tolerance where every node by itself is within it: codes that were rounded the
   * other way early on. Least ratio to that noise, in dB. Default 20.
   */
  readonly drift?: number;
  /** Ends the verification between two batches; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * @throws VerificationError for a runner that does not load the model, fails in a run, or computes something else; it names
 *   the first node at fault
 * @throws QuantizeError when there are no runners or no batches
 */
export async function verify(model: ModelProto, options: VerifyOptions): Promise<Verification> {
  const { drift = 20, reference } = options;
  const tolerance = { ...defaultTolerance, ...options.tolerance };
  const suspects = Object.entries(options.runners).map(([name, open]) => ({ name, open }));
  const [first, ...others] = suspects;
  if (first === undefined) throw new QuantizeError("there is nothing to run the model on; pass `runners`");
  const opened: Runner[] = [];
  try {
    for (const suspect of suspects) opened.push(await open(model, suspect));
    const ours = opened[0]!;
    const tallies = suspects.map(({ name }) => new Tally(name, options.predictions));
    let count = 0;
    for await (const { feeds } of epochOf(options.batches)) {
      count++;
      const right = await ours.run(feeds).catch((cause: unknown) => {
        throw runFault(model, first.name, cause);
      });
      const float = await reference?.run(feeds);
      tallies[0]!.add(right, undefined, float);
      for (const [i, suspect] of others.entries()) {
        const tally = tallies[i + 1]!;
        const results = await opened[i + 1]!.run(feeds).catch(async (cause: unknown) => {
          throw await locatedRunFault(model, ours, suspect, feeds, tolerance, cause);
        });
        if (
          !tally.differs &&
          Object.entries(right).some(([name, y]) => beyond(results[name], y, tolerance))
        ) {
          const fault = await findFault(model, ours, suspect, feeds, tolerance);
          if (fault !== undefined) throw fault;
          tally.differs = true;
        }
        tally.add(results, right, float);
      }
      await pause(options.signal);
    }
    if (count === 0) throw new QuantizeError("there are no batches to verify with");
    const report = verification(tallies.map((tally) => tally.report()));
    for (const row of report.runners) checkDrift(row, drift);
    return report;
  } finally {
    for (const runner of opened) await runner.dispose();
  }
}

async function open(model: ModelProto, suspect: Suspect): Promise<Runner> {
  try {
    return await suspect.open(model);
  } catch (cause) {
    throw await loadFault(model, suspect, cause);
  }
}

/** Where the message names no node, each group of nodes is run by itself. */
async function locatedRunFault(
  model: ModelProto,
  ours: Runner,
  suspect: Suspect,
  feeds: Feeds,
  tolerance: Tolerance,
  cause: unknown,
): Promise<VerificationError> {
  const fault = runFault(model, suspect.name, cause);
  if (fault.node !== undefined) return fault;
  const located = await findFault(model, ours, suspect, feeds, tolerance);
  return located?.fault.kind === "run" ? located : fault;
}

function checkDrift({ name, drifts, outputs }: RunnerReport, drift: number): void {
  if (!drifts) return;
  for (const { name: output, againstFirst } of outputs) {
    if (againstFirst === undefined || !(againstFirst.sqnrDb < drift)) continue;
    throw new VerificationError(
      { kind: "values", runner: name, node: undefined, group: [], difference: againstFirst },
      `${JSON.stringify(output)} is only ${againstFirst.sqnrDb.toFixed(1)} dB from the first runner, though every node by itself is right; ` +
        "switch off the runner's graph optimizations to see whether they are at fault",
    );
  }
}

/** What is summed up of one runner over the batches. */
class Tally {
  differs = false;
  readonly #name: string;
  readonly #predictions: PredictionOptions | false;
  readonly #outputs = new Map<string, { ours: DifferenceSums; float: DifferenceSums }>();
  readonly #ours = new AgreementSums();
  readonly #float = new AgreementSums();
  #compared = { ours: false, float: false };

  constructor(name: string, predictions: PredictionOptions | false = {}) {
    this.#name = name;
    this.#predictions = predictions;
  }

  add(results: Results, ours: Results | undefined, float: Results | undefined): void {
    this.#compared = { ours: ours !== undefined, float: float !== undefined };
    for (const [name, value] of Object.entries(ours ?? results)) {
      const sums = this.#outputs.get(name) ?? { ours: new DifferenceSums(), float: new DifferenceSums() };
      this.#outputs.set(name, sums);
      const given = valuesOf(matching(this.#name, name, results[name], value));
      if (ours !== undefined) sums.ours.add(given, valuesOf(value));
      const right = float?.[name];
      if (right !== undefined) sums.float.add(given, valuesOf(matching("the reference", name, right, value)));
    }
    if (this.#predictions === false) return;
    const { output = Object.keys(ours ?? results)[0] ?? "", axis } = this.#predictions;
    const given = predictionsOf(scores(results, output), axis);
    if (ours !== undefined) this.#ours.add(given, predictionsOf(scores(ours, output), axis));
    if (float !== undefined) this.#float.add(given, predictionsOf(scores(float, output), axis));
  }

  report(): RunnerReport {
    const { ours, float } = this.#compared;
    const predicts = this.#predictions !== false;
    return {
      name: this.#name,
      drifts: this.differs,
      outputs: Array.from(this.#outputs, ([name, sums]) => ({
        name,
        againstFirst: ours ? sums.ours.result() : undefined,
        againstReference: float ? sums.float.result() : undefined,
      })),
      sameAsFirst: predicts && ours ? this.#ours.result() : undefined,
      sameAsReference: predicts && float ? this.#float.result() : undefined,
    };
  }
}

function scores(results: Results, output: string): HostTensor {
  const found = results[output];
  if (found === undefined)
    throw new QuantizeError(
      `there is no output ${JSON.stringify(output)} for predictions: ${Object.keys(results)}`,
    );
  return found;
}

function matching(runner: string, name: string, value: HostTensor | undefined, like: HostTensor): HostTensor {
  if (value !== undefined && value.shape.join() === like.shape.join()) return value;
  throw new QuantizeError(
    `${runner} gives ${JSON.stringify(name)} the shape [${value?.shape ?? "none"}], not [${like.shape}]; feed both the same`,
  );
}
