/**
 * Integer programming against greedy search with as many evaluations, and random search with ten times as many, on
 * problems with interactions: `node packages/search/scripts/compare.ts [FILE.svg]`. Losses have to be measured, so the
 * evaluations of integer programming and greedy search include those that find sensitivities.
 */
import { writeFileSync } from "node:fs";
import {
  functionExecutor,
  greedy,
  hypervolume,
  integerProgram,
  openStudy,
  randomSearch,
  type StudyResult,
  scoreOf,
} from "../src/index.ts";
import { type Synthetic, synthetic } from "../test/support/problems.ts";
import { drain } from "../test/support/search.ts";
import { type Curve, chart } from "./chart.ts";

const GROUPS = 40;
/** For the reference and three other choices of each group, and as many again. */
const TRIALS = 2 * (1 + 3 * GROUPS);
/** Losses up to so many budgets count. */
const REACH = 4;

const contestants = [
  { name: "integer program", spec: integerProgram(), trials: TRIALS },
  { name: "greedy", spec: greedy({ points: TRIALS - 1 - 3 * GROUPS - 20 }), trials: TRIALS },
  { name: "random, 10 times", spec: randomSearch(), trials: 10 * TRIALS },
] as const;

function frontOf({ problem }: Synthetic, { front }: StudyResult): Curve["points"] {
  return front.map(({ costs, loss }) => [scoreOf(problem, costs), loss / problem.budget] as const);
}

const rows: string[][] = [["seed", "algorithm", "trials", "hypervolume", "score within budget"]];
const curves: Curve[] = [];
for (const seed of [1, 2, 3, 4, 5]) {
  const problem = synthetic({ groups: GROUPS, seed, interaction: 0.6, noise: 0.005 });
  const executor = functionExecutor((configuration) => ({ loss: problem.loss(configuration) }));
  for (const { name, spec, trials } of contestants) {
    const study = await openStudy({ problem: problem.problem, algorithm: spec, seed });
    const result = await drain(study.run(executor, { trials }));
    const points = frontOf(problem, result);
    const score = result.isWithinBudget ? scoreOf(problem.problem, result.best?.costs ?? {}) : Number.NaN;
    rows.push([
      String(seed),
      name,
      String(result.trials.length),
      (hypervolume(points, [1, REACH]) / REACH).toFixed(4),
      score.toFixed(4),
    ]);
    if (seed === 1) curves.push({ name, points });
  }
}

const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
for (const row of rows)
  console.log(
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );

const path = process.argv[2];
if (path !== undefined) {
  writeFileSync(
    path,
    chart(curves, { x: "cost, relative to the reference", y: "loss, in budgets", top: REACH }),
  );
  console.log(`\nfronts of the first seed: ${path}`);
}
