/** Chains of elementwise kernels are one kernel: the same bits as from the kernels one by one, on backend-js. */
import { tensor } from "@bitbudget/core";
import { makeNode, type NodeProto } from "@bitbudget/onnx";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSession } from "../src/index.ts";
import { BothBackends, type Options } from "./support/fusion.ts";
import { modelOf } from "./support/models.ts";
import { dequantize, Qdq, quantize } from "./support/qdq.ts";
import { randomFloats } from "./support/random.ts";

let both: BothBackends;
beforeAll(async () => {
  both = await BothBackends.open();
});
afterAll(() => both[Symbol.asyncDispose]());

const shape = [2, 3, 4];
const x = randomFloats(shape, 1, 4);

const onBoth = (nodes: readonly NodeProto[], options: Partial<Options> = {}) =>
  both.run(nodes, { feeds: { x }, ...options });

const float = "elementwise float32 -> float32";

describe("numbers", () => {
  test("a chain is one kernel, and names all its nodes", async () => {
    const nodes = [
      makeNode("Mul", ["x", "two"], ["a"], { name: "scale" }),
      makeNode("Add", ["a", "row"], ["b"], { name: "shift" }),
      makeNode("Relu", ["b"], ["y"], { name: "clamp" }),
    ];
    const constants = { two: tensor("float32", [1], [2]), row: randomFloats([4], 4) };
    expect(await onBoth(nodes, { constants })).toEqual({ fused: [`${float}: mul, add, relu`], plain: 3 });
    const inputs = { x: ["float32", shape] } as const;
    const model = modelOf({ inputs, outputs: { y: ["float32", []] }, constants, nodes });
    await using session = await createSession(model, { backend: both.fusing });
    await session.run({ x });
    expect(session.plan?.rows).toMatchObject([{ node: "scale + shift + clamp", opType: "Mul + Add + Relu" }]);
  });

  test("a value that is read twice within is within", async () => {
    const nodes = [
      makeNode("Neg", ["x"], ["n"]),
      makeNode("Sigmoid", ["n"], ["s"]),
      makeNode("Mul", ["n", "s"], ["y"]),
    ];
    expect(await onBoth(nodes)).toEqual({ fused: [`${float}: neg, sigmoid, mul`], plain: 3 });
  });

  test("a value that is an output, or captured, is computed once and read by the rest", async () => {
    const nodes = [
      makeNode("Neg", ["x"], ["a"]),
      makeNode("Exp", ["a"], ["b"]),
      makeNode("Relu", ["b"], ["c"]),
      makeNode("Abs", ["c"], ["y"]),
    ];
    const fused = [`${float}: neg, exp`, `${float}: relu, abs`];
    expect(await onBoth(nodes, { outputs: ["b", "y"] })).toEqual({ fused, plain: 4 });
    expect(await onBoth(nodes, { capture: ["b"] })).toEqual({ fused, plain: 4 });
  });

  test("a value that another kernel reads stays", async () => {
    const nodes = [
      makeNode("Neg", ["x"], ["a"]),
      makeNode("Exp", ["a"], ["b"]),
      makeNode("Softmax", ["b"], ["s"]),
      makeNode("Add", ["b", "s"], ["y"]),
    ];
    expect((await onBoth(nodes)).fused).toEqual([
      `${float}: neg, exp`,
      "softmax float32 -> float32",
      "binary float32 -> float32",
    ]);
  });

  test("a row is not computed anew for every row of an image", async () => {
    const feeds = { x, r: randomFloats([4], 5) };
    const nodes = [
      makeNode("Exp", ["r"], ["e"]),
      makeNode("Neg", ["e"], ["n"]),
      makeNode("Add", ["x", "n"], ["a"]),
      makeNode("Relu", ["a"], ["y"]),
    ];
    expect((await onBoth(nodes, { feeds })).fused).toEqual([`${float}: exp, neg`, `${float}: add, relu`]);
  });

  test("another shape of the same elements ends a chain", async () => {
    const nodes = [
      makeNode("Neg", ["x"], ["n"]),
      makeNode("Exp", ["n"], ["e"]),
      makeNode("Reshape", ["e", "to"], ["r"]),
      makeNode("Abs", ["r"], ["a"]),
      makeNode("Sqrt", ["a"], ["y"]),
    ];
    const constants = { to: tensor("int64", [2], [6, 4]) };
    expect((await onBoth(nodes, { constants })).fused).toEqual([`${float}: neg, exp`, `${float}: abs, sqrt`]);
  });

  test("constants of one element keep the shape of the result", async () => {
    const nodes = [makeNode("Add", ["x", "one"], ["a"]), makeNode("Relu", ["a"], ["y"])];
    const one = tensor("float32", [1, 1], [1]);
    const { plain: count, fused } = await onBoth(nodes, {
      feeds: { x: tensor("float32", [], [-3]) },
      constants: { one },
    });
    expect(fused.length).toBeLessThanOrEqual(count);
  });

  test("more inputs and more steps than a kernel takes are several kernels", async () => {
    const feeds = Object.fromEntries(
      Array.from({ length: 11 }, (_, i) => [i === 0 ? "x" : `x${i}`, randomFloats(shape, i)]),
    );
    const sums = Array.from({ length: 10 }, (_, i) =>
      makeNode("Add", [i === 0 ? "x" : `s${i}`, `x${i + 1}`], [i === 9 ? "y" : `s${i + 1}`]),
    );
    expect((await onBoth(sums, { feeds })).fused.length).toBe(2);
    const long = Array.from({ length: 130 }, (_, i) =>
      makeNode(i % 2 === 0 ? "Neg" : "Relu", [i === 0 ? "x" : `s${i}`], [i === 129 ? "y" : `s${i + 1}`]),
    );
    expect((await onBoth(long)).fused.length).toBe(3);
  });

  test("what is only looked at for its shape is left out", async () => {
    const nodes = [
      makeNode("Exp", ["x"], ["e"]),
      makeNode("Neg", ["e"], ["n"]),
      makeNode("Shape", ["n"], ["s"]),
      makeNode("Reshape", ["x", "s"], ["r"]),
      makeNode("Sqrt", ["r"], ["y"]),
    ];
    expect((await onBoth(nodes)).fused).toEqual(["unary float32 -> float32"]);
  });

  test("values for a later part of the plan are kept", async () => {
    const nodes = [
      makeNode("Exp", ["x"], ["e"]),
      makeNode("Neg", ["e"], ["n"]),
      makeNode("Cast", ["t"], ["k"], { attributes: { to: 7n } }),
      makeNode("Reshape", ["n", "k"], ["r"]),
      makeNode("Abs", ["r"], ["a"]),
      makeNode("Sqrt", ["a"], ["y"]),
    ];
    const feeds = { x, t: tensor("float32", [2], [4, 6]) };
    expect(
      (await onBoth(nodes, { feeds })).fused.filter((kernel) => kernel.startsWith("elementwise")),
    ).toEqual([`${float}: exp, neg`, `${float}: abs, sqrt`]);
  });

  test("a normalization with known statistics is a factor and a term for each channel", async () => {
    const inputs = { x: ["float32", [2, 3, 4]] } as const;
    const statistics = { s: [1, 2, 0.5], b: [0, 1, -1], m: [0.5, -1, 2], v: [1, 4, 0.25] };
    const constants = Object.fromEntries(
      Object.entries(statistics).map(([name, numbers]) => [name, tensor("float32", [3], numbers)]),
    );
    const nodes = [
      makeNode("BatchNormalization", ["x", "s", "b", "m", "v"], ["n"], { attributes: { epsilon: 0 } }),
      makeNode("Relu", ["n"], ["y"]),
    ];
    const model = modelOf({ inputs, outputs: { y: ["float32", []] }, constants, nodes });
    await using session = await createSession(model, { backend: both.fusing });
    const given = tensor(
      "float32",
      shape,
      Array.from({ length: 24 }, (_, i) => (i % 7) - 3),
    );
    const { y } = await session.run({ x: given });
    expect(session.plan?.rows.map(({ kernel }) => kernel)).toEqual([`${float}: mul, add, relu`]);
    // (x - 0.5), (x + 1) + 1, (x - 2) - 1: all of them exact in float32.
    const formulas = [(z: number) => z - 0.5, (z: number) => z + 2, (z: number) => z - 3];
    const expected = Array.from(given.data, (z, i) =>
      Math.max(0, formulas[Math.floor(i / 4) % 3]!(Number(z))),
    );
    expect(y?.data).toEqual(Float32Array.from(expected));
  });
});

test("normalizations that share a scale and a bias have their own means and variances", async () => {
  const row = (...numbers: number[]) => tensor("float32", [2], numbers);
  const constants = { s: row(1, 2), b: row(0, 1), m: row(1, 2), v: row(1, 4), n: row(3, -1), w: row(4, 16) };
  const nodes = [
    makeNode("BatchNormalization", ["x", "s", "b", "m", "v"], ["c"], { attributes: { epsilon: 0 } }),
    makeNode("Relu", ["c"], ["y"]),
    makeNode("BatchNormalization", ["x", "s", "b", "n", "w"], ["d"], { attributes: { epsilon: 0 } }),
    makeNode("Neg", ["d"], ["z"]),
  ];
  const inputs = { x: ["float32", [1, 2]] } as const;
  const outputs = { y: ["float32", []], z: ["float32", []] } as const;
  await using session = await createSession(modelOf({ inputs, outputs, constants, nodes }), {
    backend: both.fusing,
  });
  const { y, z } = await session.run({ x: tensor("float32", [1, 2], [5, 3]) });
  // (5 - 1) / 1, (3 - 2) / 2 * 2 + 1; -(5 - 3) / 2, -((3 + 1) / 4 * 2 + 1)
  expect([...(y?.data ?? []), ...(z?.data ?? [])]).toEqual([4, 2, -1, -3]);
});

/** A graph of elementwise operators in which each node reads two values of any before it, of any shape that broadcasts. */
const graphs = fc.array(
  fc.record({
    opType: fc.constantFrom("Add", "Mul", "Sub", "Max", "Relu", "Neg", "Tanh", "Sigmoid", "Softmax", "Codes"),
    of: fc.tuple(fc.nat(), fc.nat()),
    isOutput: fc.boolean(),
  }),
  { minLength: 1, maxLength: 14 },
);

test("any graph gives the same bits in no more steps", async () => {
  const { constants } = new Qdq().code("q", 0.05, "uint8", 90);
  const feeds = { x, r: randomFloats([4], 6), s: randomFloats([3, 1], 7), t: randomFloats([1], 8) };
  await fc.assert(
    fc.asyncProperty(graphs, async (list) => {
      const names = Object.keys(feeds);
      const outputs: string[] = [];
      const nodes = list.flatMap(({ opType, of: [a, b], isOutput }, i) => {
        const [first, second] = [names[a % names.length]!, names[b % names.length]!];
        const name = `v${i}`;
        names.push(name);
        if (isOutput || i === list.length - 1) outputs.push(name);
        const pair = ["Add", "Mul", "Sub", "Max"].includes(opType);
        if (opType === "Codes") return [quantize(first, `q${i}`, "q"), dequantize(`q${i}`, name, "q")];
        return [makeNode(opType, pair ? [first, second] : [first], [name])];
      });
      const { fused, plain: count } = await onBoth(nodes, { feeds, constants, outputs });
      expect(fused.length).toBeLessThanOrEqual(count);
    }),
    { numRuns: 60 },
  );
});
