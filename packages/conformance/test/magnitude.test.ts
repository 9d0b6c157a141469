/** The yardstick of sums: worked out by hand, and never less than the result. */
import { type AnySpec, definitionOf } from "@bitbudget/backend";
import { valuesOf } from "@bitbudget/core";
import { expect, test } from "vitest";
import { type Case, cases, magnitudeOf, makeTensors, type Problem, solve } from "../src/index.ts";
import { caseOf } from "./support/plants.ts";

function problemOf(testCase: Case): Problem {
  return { spec: testCase.spec, ...makeTensors(testCase) };
}

test.each<[string, readonly number[]]>([
  ["linear/float/by-hand", [14, 12.5, 15, 7]],
  ["linear/float/cancellation", [2 ** 21 + 2]],
  // 9 * 0.5 + 6 * 0.5 * 2, then 4 * 2 * 3
  ["linear/weight-only/by-hand/int4-block2", [34.5]],
  // 127 + 63.5 + 0.5 + 1.5 + 0.5 and so on: of the numbers before they are quantized
  ["linear/dynamic/int8-row/by-hand-ties", [193, 260.5]],
  ["conv2d/float/by-hand/nchw", [6, 8, 12, 14]],
  ["matmul/by-hand/float32", [19, 22, 43, 50]],
  ["attention/by-hand/mean", [3]],
  ["attention/by-hand/causal", [4, 6]],
  // Scores of 1, alone: 5 * (1 + 1 + 1) and so on
  ["attention/by-hand/grouped", [15, 18, 15, 18, 21, 24, 21, 24]],
  ["attention/by-hand/masked", [3, 0]],
  // Both scores are 10000: 6 * (1 + 10000 + 10000)
  ["attention/by-hand/large-scores", [120006]],
  ["reduce/sum/float32/by-hand", [7.5]],
  ["reduce/mean/float32/by-hand", [3]],
  ["pool2d/average/float32/by-hand-padding-does-not-count-nchw", [4.5, 7, 9]],
  ["resize/linear/align_corners/float32/by-hand/2to5", [0, 1, 2, 3, 4]],
])("of %s", async (id, expected) => {
  expect(Array.from(await magnitudeOf(problemOf(caseOf(id))))).toEqual(expected);
});

test("of recurrent states: errors of the steps before, through slopes, and one for each function", async () => {
  const [first, second] = [0.2 + Math.log(3), Math.log(2)];
  const problem = problemOf({
    ...caseOf("recurrent/by-hand/rnn/steps"),
    inputs: [{ values: [first, second] }, { values: [0.2] }],
    weights: { recurrence: { values: [-1] } },
  });
  const { tanh } = Math;
  // A sum of x and h, each as large as it is; the slope of tanh at the difference; 1 for tanh itself.
  const h1 = tanh(first - 0.2);
  const e1 = (1 - h1 ** 2) * (first + 0.2) + 1;
  const h2 = tanh(second - h1);
  const e2 = (1 - h2 ** 2) * (second + h1 + e1) + 1;
  const expected = [h1 + e1, Math.abs(h2) + e2];
  const [steps, last] = [await magnitudeOf(problem), await magnitudeOf(problem, 1)];
  for (const [i, size] of expected.entries()) expect(steps[i]).toBeCloseTo(size, 6);
  expect(last[0]).toBe(steps[1]);
});

test("of scaled codes, with zero points and an int32 bias", async () => {
  const found = cases.find(
    ({ spec: { op, attributes } }) =>
      op === "linear" &&
      "bias" in attributes &&
      attributes.bias === "int32" &&
      attributes.output === "float32",
  );
  if (found?.spec.op !== "linear") throw new Error("there is no such case");
  const problem = problemOf({
    ...found,
    spec: {
      op: "linear",
      inputs: [{ dtype: "uint8", shape: [1, 2] }],
      attributes: {
        channels: 2,
        weight: { dtype: "int8", granularity: { kind: "channel" }, zeroPoint: true },
        output: "float32",
        bias: "int32",
        activation: { fn: "sigmoid" },
      },
    },
    inputs: [{ values: [3, 9] }],
    weights: {
      weight: { values: [1, -1, 2, 4] },
      zeroPoint: { values: [0, 1] },
      scale: { values: [0.5, 2] },
      bias: { values: [-10, 3] },
      inputScale: { values: [0.25] },
      inputZeroPoint: { values: [5] },
    },
  });
  // 0.25 * 0.5 * (2 * 1 + 4 * 1 + 10), 0.25 * 2 * (2 * 1 + 4 * 3 + 3)
  expect(Array.from(await magnitudeOf(problem))).toEqual([2, 8.5]);
});

test("of a chain: the errors of its functions, carried to the end", async () => {
  const problem = problemOf({
    ...caseOf("elementwise/unary/reciprocal"),
    spec: {
      op: "elementwise",
      inputs: [{ dtype: "float32", shape: [2] }],
      attributes: {
        constants: 0,
        steps: [
          { kind: "unary", function: { fn: "reciprocal" }, of: 0 },
          { kind: "binary", function: "sub", of: [1, 0] },
        ],
      },
    },
    inputs: [{ values: [2, 0.5] }],
  });
  // 3 last places of 0.5, and one of -1.5; 3 of 2, and one of 1.5. In units of 2 ** -24.
  expect(Array.from(await magnitudeOf(problem))).toEqual([3 + 2, 12 + 2]);
});

test("of a cubic interpolation counts negative weights", async () => {
  const problem = problemOf(caseOf("resize/cubic/half_pixel/float32/a-0.5/4to9"));
  const [result] = await solve(problem);
  const magnitude = await magnitudeOf(problem);
  const smaller =
    result === undefined ? [] : Array.from(valuesOf(result), (x, i) => Math.abs(x) < (magnitude[i] ?? 0));
  expect(smaller.filter(Boolean).length).toBeGreaterThan(4);
});

test("is finite and not less than any result without activation", async () => {
  let compared = 0;
  for (const testCase of cases) {
    const { spec, id, expected } = testCase;
    const { of } = definitionOf<AnySpec["op"]>(spec).tolerance(spec);
    if (of !== "magnitude" || expected !== undefined || "activation" in spec.attributes) continue;
    // Extrapolated elements are no sums.
    if (spec.op === "resize" && spec.attributes.coordinates === "tf_crop_and_resize") continue;
    const problem = problemOf(testCase);
    const [output] = await solve(problem);
    const magnitude = await magnitudeOf(problem);
    const results = output === undefined ? [] : valuesOf(output);
    expect(magnitude.length, id).toBe(results.length);
    // Codes of dynamic activations may be half a step further from 0 than the numbers that they stand for.
    const slack = "dynamic" in spec.attributes ? 0.02 : 2 ** -7;
    for (const [i, x] of results.entries())
      expect(magnitude[i]! * (1 + slack) + 0.02, `${id} ${i}`).toBeGreaterThanOrEqual(Math.abs(x));
    compared++;
  }
  expect(compared).toBeGreaterThan(100);
});

test("is refused for ops whose tolerances do not ask for it", async () => {
  await expect(magnitudeOf(problemOf(caseOf("softmax/plain/float32/by-hand")))).rejects.toThrow(
    "magnitude.ts",
  );
});
