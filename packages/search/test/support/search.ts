/** Runs an algorithm on a synthetic problem. */
import {
  type AlgorithmSpec,
  functionExecutor,
  openStudy,
  type Progress,
  type RunOptions,
  type StudyResult,
} from "../../src/index.ts";
import type { Synthetic } from "./problems.ts";

export async function search(
  { problem, loss }: Synthetic,
  algorithm: AlgorithmSpec,
  options: RunOptions & { readonly seed?: number },
): Promise<StudyResult> {
  const study = await openStudy({ problem, algorithm, seed: options.seed ?? 0 });
  const executor = functionExecutor((configuration) => ({ loss: loss(configuration) }));
  return drain(study.run(executor, options));
}

/** What a run returns, after all it reports. */
export async function drain(
  run: AsyncGenerator<Progress, StudyResult, void>,
  each: (progress: Progress) => void = () => {},
): Promise<StudyResult> {
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
    each(next.value);
  }
}
