import { describe, expect, test } from "vitest";
import {
  costsOf,
  createProblem,
  type Group,
  isConfiguration,
  labelsOf,
  ProblemError,
  RuleError,
  scoreOf,
} from "../src/index.ts";

const layer = (name: string, scale: number): Group => ({
  name,
  choices: [
    { label: "float32", costs: { latencyMs: 10 * scale, bytes: 400 } },
    { label: "int8", costs: { latencyMs: 4 * scale, bytes: 100 }, loss: 0.1 },
    { label: "int4", costs: { latencyMs: 5 * scale, bytes: 50 }, loss: 0.4 },
  ],
});
const groups = [layer("conv1", 1), layer("conv2", 2), layer("head", 1)];
const objective = { latencyMs: 1 };

describe("a problem", () => {
  test("adds up costs, and compares them with the reference", () => {
    const problem = createProblem({ groups, objective, budget: 1 });
    expect(costsOf(problem, [0, 1, 2])).toEqual({ latencyMs: 10 + 8 + 5, bytes: 550 });
    expect(scoreOf(problem, costsOf(problem, [0, 1, 2]))).toBeCloseTo(23 / 40, 12);
    expect(scoreOf(problem, costsOf(problem, problem.reference))).toBeCloseTo(1, 12);
    expect(labelsOf(problem, [0, 1, 2])).toEqual({ conv1: "float32", conv2: "int8", head: "int4" });
  });

  test("mixes costs of different units by their weights", () => {
    const problem = createProblem({ groups, objective: { latencyMs: 3, bytes: 1 }, budget: 1 });
    // 3/4 of 16 ms out of 40, 1/4 of 300 bytes out of 1200.
    expect(scoreOf(problem, costsOf(problem, [1, 1, 1]))).toBeCloseTo(0.75 * 0.4 + 0.25 * 0.25, 12);
    expect(problem.scores.reduce((sum, row) => sum + row[1]!, 0)).toBeCloseTo(0.75 * 0.4 + 0.25 * 0.25, 12);
  });

  test("leaves out costs that some choices do not know", () => {
    const partial = [layer("conv1", 1), { name: "b", choices: [{ label: "x", costs: { latencyMs: 1 } }] }];
    const problem = createProblem({ groups: partial, objective, budget: 1 });
    expect(costsOf(problem, [0, 0])).toEqual({ latencyMs: 11 });
  });

  test("has another fingerprint for anything that matters", () => {
    const of = (change: object) => createProblem({ groups, objective, budget: 1, ...change }).fingerprint;
    const prints = [
      of({}),
      of({ budget: 2 }),
      of({ objective: { bytes: 1 } }),
      of({ reference: "int8" }),
      of({ groups: [...groups].reverse() }),
      of({ rules: [{ groups: "head", forbid: "int4" }] }),
    ];
    expect(new Set(prints).size).toBe(prints.length);
    expect(of({})).toBe(of({}));
  });

  test("knows what is a configuration", () => {
    const problem = createProblem({ groups, objective, budget: 1 });
    expect(isConfiguration(problem, [0, 1, 2])).toBe(true);
    for (const wrong of [
      [0, 1],
      [0, 1, 3],
      [0, 1, -1],
      [0, 1, 0.5],
      [0, 1, "2"],
      [0, 1, 2, 0],
    ])
      expect(isConfiguration(problem, wrong)).toBe(false);
  });

  test.each([
    ["no groups", { groups: [] }, "nothing to choose"],
    ["a group twice", { groups: [groups[0], groups[0]] }, "two groups"],
    ["a group without choices", { groups: [{ name: "a", choices: [] }] }, "no choices"],
    ["a negative budget", { budget: -1 }, "not a loss"],
    ["no objective", { objective: {} }, "above 0"],
    ["a cost that is not known", { objective: { energyMj: 1 } }, "says nothing of energyMj"],
    ["a reference that is not there", { reference: "int3" }, "no choice"],
    [
      "a cost that is no number",
      { groups: [{ name: "a", choices: [{ label: "x", costs: { latencyMs: Number.NaN } }] }] },
      "is NaN",
    ],
    [
      "a reference that costs nothing",
      { groups: [{ name: "a", choices: [{ label: "x", costs: { latencyMs: 0 } }] }] },
      "is 0",
    ],
  ])("is refused with %s", (_, change, message) => {
    const options = { groups, objective, budget: 1, ...change };
    // @ts-expect-error: some of these are not of the type, either
    expect(() => createProblem(options)).toThrow(ProblemError);
    // @ts-expect-error
    expect(() => createProblem(options)).toThrow(message);
  });
});

describe("rules", () => {
  const labels = (...rules: Parameters<typeof createProblem>[0]["rules"] & object) =>
    createProblem({ groups, objective, budget: 1, rules }).groups.map(({ choices }) =>
      choices.map(({ label }) => label).join(" "),
    );

  test("pin, forbid and limit groups by name and pattern", () => {
    expect(labels({ groups: "conv*", pin: "int8" })).toEqual(["int8", "int8", "float32 int8 int4"]);
    expect(labels({ groups: ["head", "conv1"], forbid: "int?" })).toEqual([
      "float32",
      "float32 int8 int4",
      "float32",
    ]);
    expect(labels({ groups: "*", limit: ["float*", "int8"] }, { groups: "head", forbid: "int8" })).toEqual([
      "float32 int8",
      "float32 int8",
      "float32",
    ]);
  });

  test("costs are compared with the reference even where a rule took it away", () => {
    const problem = createProblem({
      groups,
      objective,
      budget: 1,
      rules: [{ groups: "*", forbid: "float32" }],
    });
    expect(problem.reference).toEqual([0, 0, 0]);
    expect(scoreOf(problem, costsOf(problem, problem.reference))).toBeCloseTo(0.4, 12);
  });

  test.each([
    ["no group", { groups: "decoder*", pin: "int8" }, 'no group is named "decoder*"'],
    ["no choice", { groups: "*", forbid: "int3" }, "no choice of these groups"],
    ["nothing that is left", { groups: "head", limit: "int3" }, "leaves head no choice"],
    ["several choices to pin", { groups: "head", pin: "int*" }, "use a limit"],
  ])("are refused where they name %s", (_, rule, message) => {
    expect(() => labels(rule)).toThrow(RuleError);
    expect(() => labels(rule)).toThrow(message);
  });
});
