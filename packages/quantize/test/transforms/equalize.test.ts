import { valuesOf } from "@bitbudget/core";
import { Graph, type ModelProto, tensorValue, writeModel } from "@bitbudget/onnx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Assignment, equalize } from "../../src/index.ts";
import { difference, floats, modelOf, type Operation, observe, outputOf, randomTensor } from "./models.ts";

const conv = (kernel: number, more: Readonly<Record<string, bigint | readonly bigint[]>> = {}) => ({
  kernel_shape: [BigInt(kernel), BigInt(kernel)],
  ...more,
});
const weightOf = (model: ModelProto, name: string) => {
  const found = Graph.of(model).initializers.get(name);
  return found === undefined ? undefined : Array.from(valuesOf(tensorValue(found)));
};

describe("two layers by hand", () => {
  // Ranges before are 1 and 8, behind 4 and 2: factors sqrt(1/4) = 0.5 and sqrt(8/2) = 2, common ranges 2 and 4.
  const model = modelOf(
    ["N", 1],
    { w1: floats([1, 2], [1, -8]), b1: floats([2], [3, 6]), w2: floats([2, 1], [4, -2]) },
    [
      { op: "Gemm", inputs: ["x", "w1", "b1"], output: "a" },
      { op: "Relu", inputs: ["a"], output: "r" },
      { op: "MatMul", inputs: ["r", "w2"], output: "y" },
    ],
  );

  it("has the ranges of the paper's equation 11", () => {
    const equal = equalize(model);
    expect(weightOf(equal, "w1")).toEqual([2, -4]);
    expect(weightOf(equal, "b1")).toEqual([6, 3]);
    expect(weightOf(equal, "w2")).toEqual([2, -4]);
  });

  it("leaves the given model as it was", () => {
    const before = writeModel(model);
    equalize(model);
    expect(writeModel(model)).toEqual(before);
  });

  it("leaves a pair alone whose scales are of channels", () => {
    const assignment: Assignment = { a: { weight: { dtype: "int8" } } };
    expect(weightOf(equalize(model, { assignment }), "w1")).toEqual([1, -8]);
  });
});

describe("a channel in which nothing was seen", () => {
  it("does not keep the weights that would decide on the range of all others", async () => {
    // Channel 1 has a weight of 100, and a bias that keeps it below zero.
    const model = modelOf(
      ["N", 1],
      { w1: floats([1, 2], [1, 100]), b1: floats([2], [0, -1000]), w2: floats([2, 1], [1, 1]) },
      [
        { op: "Gemm", inputs: ["x", "w1", "b1"], output: "a" },
        { op: "Relu", inputs: ["a"], output: "r" },
        { op: "MatMul", inputs: ["r", "w2"], output: "y" },
      ],
    );
    const calibration = await observe(model, { x: floats([2, 1], [1, 0.5]) });
    const [first = 0, dead = 0] = weightOf(equalize(model, { calibration }), "w1") ?? [];
    expect(first).toBeCloseTo(1, 5);
    expect(dead).toBeLessThan(100 / 2);
  });
});

/** Ways between two layers, which all can be scaled; each is from "a" to "r". */
const between: readonly (readonly Operation[])[] = [
  [{ op: "Relu", inputs: ["a"], output: "r" }],
  [{ op: "Clip", inputs: ["a", "zero", "six"], output: "r" }],
  [{ op: "Clip", inputs: ["a", "", "six"], output: "r" }],
  [{ op: "LeakyRelu", inputs: ["a"], output: "r" }],
  [
    { op: "Relu", inputs: ["a"], output: "r0" },
    { op: "Add", inputs: ["r0", "row"], output: "r1" },
    { op: "MaxPool", inputs: ["r1"], output: "r", attributes: conv(2) },
  ],
  [
    { op: "Sub", inputs: ["half", "a"], output: "r0" },
    { op: "Concat", inputs: ["a", "r0"], output: "r", attributes: { axis: 2n } },
  ],
  [
    { op: "Relu", inputs: ["a"], output: "r0" },
    { op: "Pad", inputs: ["r0", "pads"], output: "r" },
  ],
];

describe("any pair", () => {
  it("computes the same, and its ranges differ less", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...between),
        fc.constantFrom(1, 2, 4),
        fc.nat(1000),
        fc.constantFrom("min", "relu", "keep"),
        async (way, group, seed, upperBound) => {
          const model = modelOf(
            ["N", 3, 6, 6],
            {
              w1: randomTensor(seed, [4, 3, 3, 3], 0),
              b1: randomTensor(seed + 1, [4]),
              w2: randomTensor(seed + 2, [8, 4 / group, 1, 1], 1),
              w3: randomTensor(seed + 3, [8, 5]),
              row: randomTensor(seed + 4, [4, 1, 1]),
              zero: floats([], [0]),
              six: floats([], [2]),
              half: floats([], [0.5]),
              pads: {
                dtype: "int64",
                shape: [8],
                data: BigInt64Array.from([0n, 0n, 1n, 0n, 0n, 0n, 0n, 1n]),
              },
            },
            [
              { op: "Conv", inputs: ["x", "w1", "b1"], output: "a", attributes: conv(3) },
              ...way,
              { op: "Conv", inputs: ["r", "w2"], output: "b", attributes: conv(1, { group: BigInt(group) }) },
              { op: "GlobalAveragePool", inputs: ["b"], output: "p" },
              { op: "Flatten", inputs: ["p"], output: "f" },
              { op: "Gemm", inputs: ["f", "w3"], output: "y" },
            ],
          );
          const feeds = { x: randomTensor(seed + 5, [2, 3, 6, 6]) };
          const calibration = await observe(model, feeds);
          const equal = equalize(model, {
            upperBound,
            ...(upperBound === "relu" && { calibration, activations: 0 }),
          });
          expect(difference(await outputOf(model, feeds), await outputOf(equal, feeds))).toBeLessThan(1e-5);
          const isBounded = way.some(({ op }) => op === "Clip");
          if (isBounded && upperBound === "keep")
            expect(weightOf(equal, "w1")).toEqual(weightOf(model, "w1"));
          else expect(imbalance(equal)).toBeLessThan(1.01);
        },
      ),
      { numRuns: 40 },
    );
  });

  /** The largest quotient of the ranges before and behind a channel. */
  function imbalance(model: ModelProto): number {
    const [w1, w2] = [weightOf(model, "w1")!, weightOf(model, "w2")!];
    const size = w2.length / 8;
    return Math.max(
      ...[0, 1, 2, 3].map((channel) => {
        const before = Math.max(...w1.slice(channel * 27, (channel + 1) * 27).map(Math.abs));
        const behind = Math.max(
          ...w2
            .filter(
              (_, i) => Math.floor(Math.floor(i / size) / (8 / (4 / size))) * size + (i % size) === channel,
            )
            .map(Math.abs),
        );
        return Math.max(before / behind, behind / before);
      }),
    );
  }
});

describe("what cannot be scaled", () => {
  const constants = { w1: randomTensor(1, [3, 4], 1), w2: randomTensor(2, [4, 2], 0) };
  const first: Operation = { op: "MatMul", inputs: ["x", "w1"], output: "a" };
  const last: Operation = { op: "MatMul", inputs: ["r", "w2"], output: "y" };
  it.each<[string, readonly Operation[]]>([
    ["a sigmoid", [first, { op: "Sigmoid", inputs: ["a"], output: "r" }, last]],
    [
      "a value that is used twice in a product",
      [first, { op: "Mul", inputs: ["a", "a"], output: "r" }, last],
    ],
    [
      "a sum with something that is not made by a layer",
      [
        { op: "MatMul", inputs: ["x", "w1"], output: "a" },
        { op: "Softmax", inputs: ["a"], output: "s" },
        { op: "Add", inputs: ["a", "s"], output: "r" },
        last,
      ],
    ],
  ])("%s stays", (_, operations) => {
    const model = modelOf(["N", 3], constants, operations);
    const equal = equalize(model);
    expect(weightOf(equal, "w1")).toEqual(weightOf(model, "w1"));
    expect(weightOf(equal, "w2")).toEqual(weightOf(model, "w2"));
  });

  it("does not touch what is an output of the graph", () => {
    const model = modelOf(["N", 3], constants, [
      first,
      last && { ...last, inputs: ["a", "w2"], output: "b" },
      { op: "Concat", inputs: ["a", "b"], output: "y", attributes: { axis: 1n } },
    ]);
    expect(weightOf(equalize(model), "w1")).toEqual(weightOf(model, "w1"));
  });
});
