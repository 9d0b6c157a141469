import { tensor, valuesOf } from "@bitbudget/core";
import { Graph, type ModelProto, tensorValue } from "@bitbudget/onnx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Assignment, assign, awqScale, layersOf, QuantizeError, smoothQuant } from "../../src/index.ts";
import { difference, floats, modelOf, type Operation, observe, outputOf, randomTensor } from "./models.ts";

const dataOf = (model: ModelProto, name: string) => {
  const found = Graph.of(model).initializers.get(name);
  return found === undefined ? undefined : Array.from(valuesOf(tensorValue(found)));
};
const int8 = { weight: { dtype: "int8" }, activation: { dtype: "uint8" } } as const;
const everything = (model: ModelProto): Assignment => assign(layersOf(Graph.of(model)), () => int8);

describe("SmoothQuant by hand", () => {
  // max|X| is 16 and 1, max|W| 1 and 4; with alpha 0.5 the factors are sqrt(16 / 1) = 4 and sqrt(1 / 4) = 0.5.
  const model = modelOf(
    ["N", 2],
    { gamma: floats([2], [16, 1]), w1: floats([2, 2], [1, 0.5, 2, 0]), w2: floats([2, 1], [-0.25, 4]) },
    [
      { op: "Mul", inputs: ["x", "gamma"], output: "n" },
      { op: "MatMul", inputs: ["n", "w1"], output: "a" },
      { op: "MatMul", inputs: ["n", "w2"], output: "b" },
      { op: "Add", inputs: ["a", "b"], output: "y" },
    ],
  );
  const feeds = { x: floats([2, 2], [1, -1, -0.5, 0.25]) };

  it("divides what makes the input and multiplies all that read it", async () => {
    const calibration = await observe(model, feeds);
    const { model: smooth, groups } = smoothQuant(model, {
      assignment: everything(model),
      calibration,
      alpha: 0.5,
    });
    expect(groups.map(({ layers, alpha }) => ({ layers, alpha }))).toEqual([
      { layers: ["a", "b"], alpha: 0.5 },
    ]);
    expect(dataOf(smooth, "gamma")).toEqual([4, 2]);
    expect(dataOf(smooth, "w1")).toEqual([4, 2, 1, 0]);
    expect(dataOf(smooth, "w2")).toEqual([-1, 2]);
  });

  it("says what is wrong with an alpha", async () => {
    const calibration = await observe(model, feeds);
    const wrong = () => smoothQuant(model, { assignment: everything(model), calibration, alpha: 2 });
    expect(wrong).toThrow(QuantizeError);
  });
});

/** Ways to make the input "n" of two layers from "x", channels last. */
const ways: readonly (readonly Operation[])[] = [
  [{ op: "LayerNormalization", inputs: ["x", "gamma", "beta"], output: "n" }],
  [{ op: "RMSNormalization", inputs: ["x", "gamma"], output: "n", attributes: { axis: -1n } }],
  [
    { op: "Mul", inputs: ["x", "x"], output: "squares" },
    { op: "ReduceMean", inputs: ["squares", "last"], output: "mean" },
    { op: "Add", inputs: ["mean", "epsilon"], output: "more" },
    { op: "Sqrt", inputs: ["more"], output: "root" },
    { op: "Div", inputs: ["x", "root"], output: "quotient" },
    { op: "Mul", inputs: ["gamma", "quotient"], output: "n" },
  ],
  [
    { op: "Transpose", inputs: ["x"], output: "t", attributes: { perm: [0n, 2n, 1n] } },
    { op: "BatchNormalization", inputs: ["t", "gamma", "beta", "beta", "variance"], output: "m" },
    { op: "Transpose", inputs: ["m"], output: "n", attributes: { perm: [0n, 2n, 1n] } },
  ],
  [
    { op: "MatMul", inputs: ["x", "w0"], output: "n0" },
    { op: "Add", inputs: ["beta", "n0"], output: "n" },
  ],
  // A gate: one factor of the product is a layer.
  [
    { op: "Sigmoid", inputs: ["x"], output: "s" },
    { op: "MatMul", inputs: ["x", "w0"], output: "u" },
    { op: "Mul", inputs: ["s", "u"], output: "n" },
  ],
  // Heads of attention: weights of values and of the output, with the channels in two axes between them.
  [
    { op: "MatMul", inputs: ["x", "w0"], output: "v" },
    { op: "Reshape", inputs: ["v", "heads"], output: "v2" },
    { op: "Transpose", inputs: ["v2"], output: "v3", attributes: { perm: [0n, 2n, 1n, 3n] } },
    { op: "MatMul", inputs: ["scores", "v3"], output: "o" },
    { op: "Transpose", inputs: ["o"], output: "o2", attributes: { perm: [0n, 2n, 1n, 3n] } },
    { op: "Reshape", inputs: ["o2", "tokens"], output: "n" },
  ],
];

function modelWith(way: readonly Operation[], seed: number): ModelProto {
  const int64 = (...values: bigint[]) => tensor("int64", [values.length], BigInt64Array.from(values));
  const all = {
    gamma: randomTensor(seed, [8], 0),
    beta: randomTensor(seed + 1, [8]),
    variance: floats([8], [1, 2, 3, 4, 5, 6, 7, 8]),
    w0: randomTensor(seed + 2, [8, 8], 1),
    wa: randomTensor(seed + 3, [8, 6]),
    wb: randomTensor(seed + 4, [8, 6]),
    epsilon: floats([], [1e-5]),
    scores: randomTensor(seed + 5, [1, 2, 4, 4]),
    last: int64(-1n),
    heads: int64(3n, 4n, 2n, 4n),
    tokens: int64(3n, 4n, 8n),
  };
  const operations: Operation[] = [
    ...way,
    { op: "MatMul", inputs: ["n", "wa"], output: "a" },
    { op: "MatMul", inputs: ["n", "wb"], output: "b" },
    { op: "Add", inputs: ["a", "b"], output: "y" },
  ];
  const used = new Set(operations.flatMap(({ inputs }) => inputs));
  const constants = Object.fromEntries(Object.entries(all).filter(([name]) => used.has(name)));
  return modelOf([3, 4, 8], constants, operations);
}

describe.each(["SmoothQuant", "AWQ"])("%s of any input", (method) => {
  it("computes the same, and expects a smaller error", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...ways), fc.nat(1000), async (way, seed) => {
        const model = modelWith(way, seed);
        const feeds = { x: randomTensor(seed + 9, [3, 4, 8]) };
        const calibration = await observe(model, feeds);
        const four = { weight: { dtype: "int4", granularity: "tensor" } } as const;
        const scheme = method === "AWQ" ? four : { ...four, activation: { dtype: "uint8" } as const };
        const assignment = { a: scheme, b: scheme };
        const transform = method === "AWQ" ? awqScale : smoothQuant;
        const { model: changed, groups } = transform(model, { assignment, calibration });
        expect(groups.map(({ layers }) => layers)).toEqual([["a", "b"]]);
        for (const { alpha, before, after } of groups)
          if (alpha !== undefined) expect(after).toBeLessThan(before);
        expect(difference(await outputOf(model, feeds), await outputOf(changed, feeds))).toBeLessThan(1e-5);
      }),
      { numRuns: 30 },
    );
  });
});

describe("an input that nothing takes factors up for", () => {
  const model = modelOf(["N", 2], { w: floats([2, 2], [1, 2, 3, 4]) }, [
    { op: "Sigmoid", inputs: ["x"], output: "s" },
    { op: "Mul", inputs: ["s", "x"], output: "n" },
    { op: "MatMul", inputs: ["n", "w"], output: "y" },
  ]);
  const feeds = { x: floats([2, 2], [64, 1, -1, 0.5]) };

  it("stays as it is, or gets a Mul where that is asked for", async () => {
    const calibration = await observe(model, feeds);
    const options = { assignment: everything(model), calibration, alpha: 0.5 };
    expect(smoothQuant(model, options).groups).toEqual([]);
    const { model: smooth } = smoothQuant(model, { ...options, insert: true });
    expect(Graph.of(smooth).nodes.map(({ opType }) => opType)).toEqual(["Sigmoid", "Mul", "Mul", "MatMul"]);
    expect(difference(await outputOf(model, feeds), await outputOf(smooth, feeds))).toBeLessThan(1e-6);
  });

  it("gets none where factors do not help", async () => {
    const calibration = await observe(model, { x: floats([2, 2], [1, 1, 1, 1]) });
    const assignment = { y: { activation: { dtype: "uint8" } } } as const;
    const { model: smooth } = smoothQuant(model, { assignment, calibration, alpha: 1, insert: true });
    expect(Graph.of(smooth).nodes.map(({ opType }) => opType)).toEqual(["Sigmoid", "Mul", "MatMul"]);
  });
});
