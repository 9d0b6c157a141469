import { describe, expect, test } from "vitest";
import {
  type Configuration,
  correct,
  costsOf,
  createProblem,
  greedy,
  integerProgram,
  type LossModel,
  predict,
  Random,
  randomSearch,
  Sensitivity,
  scoreOf,
} from "../../src/index.ts";
import { median, synthetic } from "../support/problems.ts";
import { search } from "../support/search.ts";

describe("integer programming", () => {
  test("needs one trial where losses are known and add up, and no search of all is better", async () => {
    for (const seed of [1, 2, 3]) {
      const known = synthetic({ groups: 6, seed, isPredicted: true, budget: 0.1 });
      const { best } = await search(known, integerProgram(), { trials: 1 });
      const { problem } = known;
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 4 ** 6; i++) {
        const configuration = Array.from({ length: 6 }, (_, k) => Math.floor(i / 4 ** k) % 4);
        if (known.loss(configuration) <= problem.budget)
          least = Math.min(least, scoreOf(problem, costsOf(problem, configuration)));
      }
      // To the gap that solutions are allowed.
      expect(scoreOf(problem, best?.costs ?? {}) / least).toBeGreaterThan(1 - 1e-9);
      expect(scoreOf(problem, best?.costs ?? {}) / least).toBeLessThan(1 + 3e-4);
    }
  });

  test("finds a cheaper answer than greedy and than random search with ten times as many evaluations", async () => {
    const found: Record<string, number[]> = { ours: [], greedy: [], random: [] };
    for (const seed of [1, 2, 3]) {
      const problem = synthetic({ groups: 20, seed, interaction: 0.6, noise: 0.01 });
      const trials = 110;
      for (const [name, spec, count] of [
        ["ours", integerProgram({ rounds: 4 }), trials],
        ["greedy", greedy(), trials],
        ["random", randomSearch(), 10 * trials],
      ] as const) {
        const { best } = await search(problem, spec, { trials: count, seed });
        found[name]!.push(scoreOf(problem.problem, best?.costs ?? {}));
      }
    }
    expect(median(found.ours!)).toBeLessThanOrEqual(median(found.greedy!));
    expect(median(found.ours!)).toBeLessThan(median(found.random!));
  });

  test("gets as near to a budget as it can where none can be kept", async () => {
    const { problem, loss } = synthetic({ groups: 5, seed: 1, isPredicted: true });
    const groups = problem.groups.map(({ name, choices }) => ({ name, choices: choices.slice(1) }));
    const hard = createProblem({ groups, objective: { latencyMs: 1 }, budget: 1e-6 });
    const { best, isWithinBudget } = await search(
      { problem: hard, loss: (configuration) => loss(configuration.map((i) => i + 1)) },
      integerProgram(),
      { trials: 5 },
    );
    expect(isWithinBudget).toBe(false);
    // The least loss of all is that of int8 everywhere.
    expect(best?.configuration).toEqual([0, 0, 0, 0, 0]);
  });

  test("a budget of 0 is kept by what loses nothing", async () => {
    const problem = synthetic({ groups: 4, seed: 3, budget: 0 });
    const { best, isWithinBudget } = await search(problem, integerProgram(), { trials: 40 });
    expect(isWithinBudget).toBe(true);
    expect(best?.configuration).toEqual([0, 0, 0, 0]);
  });
});

describe("corrections", () => {
  const prior: LossModel = { offset: 0, losses: Array.from({ length: 12 }, () => [0, 0.01, 0.05]) };
  const trialsOf = (truth: (configuration: Configuration) => number, count: number) => {
    const random = new Random(9);
    return Array.from({ length: count }, (_, id) => {
      const configuration = prior.losses.map(() => random.below(3));
      return { id, configuration, loss: truth(configuration), costs: {} };
    });
  };

  test("are none without trials, and none where predictions were right", () => {
    expect(correct(prior, [], 0.2)).toBe(prior);
    const same = correct(
      prior,
      trialsOf((each) => predict(prior, each), 10),
      0.2,
    );
    for (const [i, row] of same.losses.entries())
      for (const [k, loss] of row.entries()) expect(loss).toBeCloseTo(prior.losses[i]![k]!, 9);
  });

  test("find scale and offset", () => {
    const truth = (each: Configuration) => 0.05 + 1.5 * predict(prior, each);
    const trials = trialsOf(truth, 40);
    const corrected = correct(prior, trials, 0.3);
    const error = (model: LossModel) =>
      Math.sqrt(
        trials.reduce(
          (sum, { configuration, loss }) => sum + (predict(model, configuration) - loss) ** 2,
          0,
        ) / 40,
      );
    expect(error(corrected)).toBeLessThan(0.1 * error(prior));
  });

  test("find the group whose prediction was wrong", () => {
    const truth = (each: Configuration) => predict(prior, each) + (each[4] === 1 ? 0.03 : 0);
    const { losses } = correct(prior, trialsOf(truth, 60), 0.25);
    const changes = losses.flatMap((row, i) =>
      row.map((loss, k) => ({ i, k, change: loss - prior.losses[i]![k]! })),
    );
    changes.sort((a, b) => b.change - a.change);
    expect(changes[0]).toMatchObject({ i: 4, k: 1 });
  });

  test("leave alone what does not work at all", () => {
    const broken: LossModel = {
      offset: 0,
      losses: [
        [0, Infinity],
        [0, 0.1],
      ],
    };
    const trials = [{ id: 0, configuration: [0, 1], loss: 0.2, costs: {} }];
    expect(correct(broken, trials, 0.1).losses[0]![1]).toBe(Infinity);
  });
});

test("sensitivities are what single changes add to the reference", () => {
  const { problem, loss } = synthetic({ groups: 5, seed: 2 });
  const sensitivity = new Sensitivity(problem);
  let id = 0;
  for (let next = sensitivity.ask(); next !== undefined; next = sensitivity.ask()) {
    expect(sensitivity.model).toBeUndefined();
    sensitivity.tell({ id: id++, configuration: next, loss: 0.7 + loss(next), costs: {} });
  }
  expect(id).toBe(1 + 5 * 3);
  expect(sensitivity.model?.offset).toBeCloseTo(0.7, 12);
  const configuration = [3, 2, 1, 0, 3];
  expect(predict(sensitivity.model!, configuration)).toBeCloseTo(0.7 + loss(configuration), 12);
});
