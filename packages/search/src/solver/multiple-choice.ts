/**
 * The multiple-choice knapsack (Sinha and Zoltners 1979) as an integer program: one choice of each group, so that the sum of
 * their losses is within a budget and that of their scores is least. A variable of 0 or 1 stands for each choice.
 */
import type { Highs } from "highs";
import { SolverError } from "../errors.ts";
import type { Configuration } from "../problem.ts";

export interface Knapsack {
  /** What each choice of each group adds to the sum that is minimized. */
  readonly scores: readonly (readonly number[])[];
  /** What each adds to the sum that is limited; Infinity takes it away. */
  readonly losses: readonly (readonly number[])[];
  readonly budget: number;
  /** Configurations that are not wanted again, each kept out by one constraint. */
  readonly exclude?: readonly Configuration[];
  /** By how much the result may be worse than the best, relative to it. Default 0. */
  readonly gap?: number;
}

/** Nodes of the search tree: a limit of time would make results depend on the machine. */
const MAX_NODES = 5_000;
/** Relative to the right-hand sides, which are scaled to about 1. */
const TOLERANCE = 1e-7;

/**
 * The best configuration, or undefined if there is none. The same arguments have the same result, on every machine.
 * @throws SolverError
 */
export function solveKnapsack(highs: Highs, knapsack: Knapsack): Configuration | undefined {
  const { scores, losses, budget, exclude = [], gap = 0 } = knapsack;
  const starts: number[] = [];
  let count = 0;
  for (const row of scores) {
    starts.push(count);
    count += row.length;
  }
  const flatScores = scores.flat();
  const flatLosses = losses.flat();
  const rows = new Rows();
  for (const [i, row] of scores.entries())
    rows.add(
      1,
      1,
      row.map((_, index) => [starts[i]! + index, 1]),
    );
  rows.addScaled(
    budget,
    flatLosses.map((loss) => (Number.isFinite(loss) ? loss : 0)),
  );
  for (const configuration of exclude)
    rows.add(
      0,
      configuration.length - 1,
      configuration.map((index, i) => [starts[i]! + index, 1]),
    );
  const largest = Math.max(...flatScores.map(Math.abs)) || 1;
  const chosen = highs.withModel(
    {
      numCols: count,
      numRows: rows.lower.length,
      colCost: flatScores.map((score) => score / largest),
      colLower: new Float64Array(count),
      colUpper: flatLosses.map((loss) => (loss === Number.POSITIVE_INFINITY ? 0 : 1)),
      rowLower: rows.lower,
      rowUpper: rows.upper,
      matrix: rows.matrix(count),
      integrality: new Int32Array(count).fill(1),
    },
    (model) => {
      model.options.set({
        output_flag: false,
        mip_rel_gap: gap,
        mip_abs_gap: TOLERANCE,
        mip_feasibility_tolerance: TOLERANCE,
        primal_feasibility_tolerance: TOLERANCE,
        mip_max_nodes: MAX_NODES,
        random_seed: 1,
      });
      try {
        model.run();
      } catch (cause) {
        throw new SolverError("HiGHS failed; costs or losses may be of too different sizes", { cause });
      }
      const status = model.getModelStatus();
      const { modelStatus } = highs.constants;
      if (status === modelStatus.infeasible) return undefined;
      // At the limit of nodes the best so far is good enough: it will be measured anyway.
      if (status !== modelStatus.optimal && status !== modelStatus.solutionLimit)
        throw new SolverError(
          `HiGHS ended with status ${status}; costs or losses may be of too different sizes`,
        );
      return model.getSolution().colValue;
    },
  );
  if (chosen === undefined || chosen.length < count) return undefined;
  return scores.map((row, i) => row.findIndex((_, index) => chosen[starts[i]! + index]! > 0.5));
}

/** Constraints as compressed rows. */
class Rows {
  readonly lower: number[] = [];
  readonly upper: number[] = [];
  readonly #starts: number[] = [0];
  readonly #indices: number[] = [];
  readonly #values: number[] = [];

  add(lower: number, upper: number, entries: readonly (readonly [column: number, value: number])[]): void {
    this.lower.push(lower);
    this.upper.push(upper);
    for (const [column, value] of entries) {
      if (value === 0) continue;
      this.#indices.push(column);
      this.#values.push(value);
    }
    this.#starts.push(this.#indices.length);
  }

  /** A sum over all columns that is at most `upper`, in units of which coefficients are about 1. */
  addScaled(upper: number, values: readonly number[]): void {
    const unit = Math.max(Math.abs(upper), ...values.map(Math.abs)) || 1;
    this.add(
      Number.NEGATIVE_INFINITY,
      upper / unit,
      values.map((value, column) => [column, value / unit]),
    );
  }

  matrix(numCols: number) {
    return {
      format: "csr" as const,
      numRows: this.lower.length,
      numCols,
      starts: Int32Array.from(this.#starts),
      indices: Int32Array.from(this.#indices),
      values: Float64Array.from(this.#values),
    };
  }
}
