/** What all algorithms have in common, and that each is better than random at the same number of evaluations. */
import { describe, expect, test } from "vitest";
import {
  type Algorithm,
  type AlgorithmSpec,
  costsOf,
  evolutionary,
  greedy,
  integerProgram,
  isConfiguration,
  type Problem,
  randomSearch,
  scoreOf,
  tpe,
  uniform,
} from "../../src/index.ts";
import { median, type SyntheticOptions, synthetic } from "../support/problems.ts";
import { search } from "../support/search.ts";

const all = [
  uniform(),
  randomSearch(),
  greedy(),
  greedy({ direction: "raise", points: 5 }),
  integerProgram({ rounds: 4 }),
  evolutionary({ population: 10 }),
  tpe({ startup: 5 }),
  tpe({ startup: 5, multivariate: false }),
].map((spec) => ({ name: `${spec.name} ${JSON.stringify(spec.settings)}`, spec }));

/** Asks and tells, `lag` asks ahead; ends after `limit` configurations or when nothing is left. */
function drive(
  algorithm: Algorithm,
  problem: Problem,
  loss: (c: readonly number[]) => number,
  limit: number,
  lag = 1,
) {
  const asked: (readonly number[])[] = [];
  let told = 0;
  for (;;) {
    while (asked.length < limit && asked.length - told < lag) {
      const configuration = algorithm.ask();
      if (configuration === undefined) break;
      asked.push(configuration);
    }
    const configuration = asked[told];
    if (configuration === undefined) return asked;
    algorithm.tell({
      id: told++,
      configuration,
      loss: loss(configuration),
      costs: costsOf(problem, configuration),
    });
  }
}

describe.each(all)("$name", ({ spec }) => {
  const { problem, loss } = synthetic({ groups: 8, seed: 4, interaction: 0.5, noise: 0.01 });
  const create = (seed: number) => spec.create(problem, seed);

  test("asks for configurations of the problem, none of them twice", async () => {
    const asked = drive(await create(1), problem, loss, 60);
    expect(asked.length).toBeGreaterThanOrEqual(4);
    for (const configuration of asked) expect(isConfiguration(problem, configuration)).toBe(true);
    expect(new Set(asked.map(String)).size).toBe(asked.length);
  });

  test.each([1, 4])("asks for the same again when told the same, with %i under way", async (lag) => {
    const first = drive(await create(7), problem, loss, 45, lag);
    expect(drive(await create(7), problem, loss, 45, lag)).toEqual(first);
  });

  test("goes on when evaluations fail", async () => {
    const partly = (configuration: readonly number[]) =>
      configuration[2] === 3 ? Infinity : loss(configuration);
    const asked = drive(await create(1), problem, partly, 50, 2);
    expect(asked.some((each) => each[2] !== 3)).toBe(true);
    expect(drive(await create(1), problem, () => Infinity, 50, 2).length).toBeGreaterThan(0);
  });

  test("ends when there is nothing left", async () => {
    const small = synthetic({ groups: 2, seed: 1 });
    const asked = drive(await spec.create(small.problem, 1), small.problem, small.loss, 1000, 3);
    expect(asked.length).toBeLessThanOrEqual(16);
  });
});

describe("at the same number of evaluations, medians of seeds:", () => {
  const kinds: [string, Omit<SyntheticOptions, "seed" | "groups">][] = [
    ["additive", {}],
    ["noisy", { noise: 0.02 }],
    ["interacting", { interaction: 0.6, noise: 0.01 }],
  ];
  const rivals: [string, AlgorithmSpec][] = [
    ["greedy", greedy()],
    ["evolutionary", evolutionary()],
    ["tpe", tpe()],
    ["tpe, each group alone", tpe({ multivariate: false })],
  ];
  const seeds = [1, 2, 3, 4, 5];

  describe.each(kinds)("%s problems", (_, options) => {
    const scores = async (spec: AlgorithmSpec, trials = 140) => {
      const found: number[] = [];
      for (const seed of seeds) {
        const problem = synthetic({ groups: 20, seed, ...options });
        const { best, isWithinBudget } = await search(problem, spec, { trials, seed });
        expect(isWithinBudget).toBe(true);
        found.push(scoreOf(problem.problem, best?.costs ?? {}));
      }
      return median(found);
    };

    test.each(rivals)("%s beats random search, which beats uniform choices", async (_name, spec) => {
      const [found, random] = [await scores(spec), await scores(randomSearch())];
      expect(found).toBeLessThan(random);
      expect(random).toBeLessThan(await scores(uniform()));
    });
  });
});
