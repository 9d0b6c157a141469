import { type Backend, createBackend, type KernelTable } from "@bitbudget/backend";
import { hostDevice, kernels, open } from "@bitbudget/backend-js";
import { type Storage, tensor } from "@bitbudget/core";
import { makeNode, writeModel } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSession, FeedError, UnsupportedOperatorsError, ValueNameError } from "../src/index.ts";
import { graphOf, modelOf } from "./support/models.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

/** y = relu(x * 2 + x), with any number of rows. */
const model = modelOf({
  inputs: { x: ["float32", ["rows", 2]] },
  outputs: { y: ["float32", ["rows", 2]] },
  constants: { one: tensor("float32", [1], [1]) },
  nodes: [
    makeNode("Add", ["one", "one"], ["two"], { name: "two" }),
    makeNode("Mul", ["x", "two"], ["doubled"], { name: "double" }),
    makeNode("Add", ["doubled", "x"], ["sum"], { name: "sum" }),
    makeNode("Relu", ["sum"], ["y"], { name: "relu" }),
  ],
});
const x = tensor("float32", [1, 2], [-1, 2]);

describe("a session", () => {
  test("says what to feed and what comes back", async () => {
    await using session = await createSession(model, { backend });
    expect(session.inputs).toEqual([{ name: "x", dtype: "float32", shape: ["rows", 2] }]);
    expect(session.outputs).toEqual([{ name: "y", dtype: "float32", shape: ["rows", 2] }]);
    expect(await session.run({ x })).toEqual({ y: tensor("float32", [1, 2], [0, 6]) });
  });

  test("takes the bytes of a file and a Blob as well", async () => {
    const bytes = writeModel(model);
    for (const source of [bytes, bytes.buffer, new Blob([bytes])]) {
      await using session = await createSession(source, { backend });
      expect(await session.run({ x })).toEqual({ y: tensor("float32", [1, 2], [0, 6]) });
    }
  });

  test("computes at planning time what does not depend on feeds", async () => {
    await using session = await createSession(model, { backend });
    expect(session.plan).toBeUndefined();
    await session.run({ x });
    expect(session.plan?.rows.map(({ node, how }) => [node, how])).toEqual([
      ["double + sum + relu", "native"],
    ]);
    expect(String(session.plan)).toContain("elementwise float32 -> float32: mul, add, relu");
  });

  test("plans once for each shape: a second run allocates nothing", async () => {
    await using session = await createSession(model, { backend });
    const rows = (count: number) => ({
      x: tensor("float32", [count, 2], new Float32Array(2 * count).fill(1)),
    });
    await session.run(rows(1));
    await session.run(rows(5));
    const held = backend.bytes;
    for (const count of [5, 1, 5])
      expect((await session.run(rows(count))).y?.data).toEqual(new Float32Array(2 * count).fill(3));
    expect(backend.bytes).toBe(held);
  });

  test("gives everything back when it is disposed", async () => {
    const before = backend.bytes;
    const session = await createSession(model, { backend });
    await session.run({ x });
    expect(backend.bytes).toBeGreaterThan(before);
    await session.dispose();
    expect(backend.bytes).toBe(before);
  });

  test("runs that overlap do not mix", async () => {
    await using session = await createSession(model, { backend });
    const runs = [1, 2, 3, 4].map((v) => session.run({ x: tensor("float32", [1, 2], [v, v]) }));
    const results = await Promise.all(runs);
    expect(results.map(({ y }) => y?.data[0])).toEqual([3, 6, 9, 12]);
  });

  test("hands out results that callers may write to, constant ones too", async () => {
    const fixed = modelOf({
      outputs: { y: ["float32", [1]] },
      constants: { one: tensor("float32", [1], [1]) },
      nodes: [makeNode("Add", ["one", "one"], ["y"])],
    });
    await using session = await createSession(fixed, { backend });
    const { y } = await session.run({});
    expect(y?.data).toEqual(Float32Array.of(2));
    if (y?.data instanceof Float32Array) y.data.fill(9);
    expect((await session.run({})).y?.data).toEqual(Float32Array.of(2));
  });

  test("captures intermediate values, and says which names it does not have", async () => {
    await using session = await createSession(model, { backend });
    const { sum, y } = await session.run({ x }, { capture: ["sum"] });
    expect(sum?.data).toEqual(Float32Array.of(-3, 6));
    expect(y?.data).toEqual(Float32Array.of(0, 6));
    await expect(session.run({ x }, { capture: ["nowhere"] })).rejects.toThrow(ValueNameError);
  });

  test("times each node on request", async () => {
    await using session = await createSession(model, { backend, optimize: false });
    const rows = await session.profile({ x });
    expect(rows.map(({ node }) => node)).toEqual(["double", "sum", "relu"]);
    for (const { ms } of rows) expect(ms).toBeGreaterThan(0);
  });
});

describe("feeds", () => {
  test.each([
    ["missing", {}, 'input "x" is missing'],
    ["unknown", { x, z: x }, 'input "z" is not one of the model\'s inputs: x'],
    ["of another dtype", { x: tensor("int32", [1, 2]) }, "must be float32, not int32"],
    ["of another rank", { x: tensor("float32", [2]) }, "must have the shape [rows, 2], not [2]"],
    ["of another size", { x: tensor("float32", [1, 3]) }, "must have the shape [rows, 2], not [1, 3]"],
    [
      "too short",
      { x: { ...x, data: new Float32Array(1) } },
      "has 1 stored elements where its shape needs 2",
    ],
  ])("%s", async (_, feeds, message) => {
    await using session = await createSession(model, { backend });
    await expect(session.run(feeds)).rejects.toThrow(FeedError);
    await expect(session.run(feeds)).rejects.toThrow(message);
  });

  test("equal symbols stand for equal sizes", async () => {
    const pair = modelOf({
      inputs: { a: ["float32", ["n"]], b: ["float32", ["n"]] },
      outputs: { y: ["float32", ["n"]] },
      nodes: [makeNode("Add", ["a", "b"], ["y"])],
    });
    await using session = await createSession(pair, { backend });
    const feeds = { a: tensor("float32", [2]), b: tensor("float32", [1]) };
    await expect(session.run(feeds)).rejects.toThrow('input "b" must have the shape [n]');
  });
});

describe("what cannot run", () => {
  test("is listed, all of it, with operator, opset and node", async () => {
    const strange = modelOf({
      inputs: { x: ["float32", [1]] },
      outputs: { y: ["float32", [1]] },
      nodes: [
        makeNode("Frobnicate", ["x"], ["a"], { name: "first" }),
        makeNode("Relu", ["a"], ["b"]),
        makeNode("Warp", ["b"], ["y"], { name: "second", domain: "com.example" }),
      ],
    });
    const failure = await createSession(strange, { backend }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnsupportedOperatorsError);
    expect(String(failure)).toContain("2 unsupported nodes");
    expect(String(failure)).toContain('Frobnicate (opset 21), node "first"');
    expect(String(failure)).toContain('com.example.Warp (opset 1), node "second"');
  });

  test("names the node whose inputs do not fit together", async () => {
    const odd = modelOf({
      inputs: { x: ["float32", ["n"]] },
      outputs: { y: ["float32", ["n"]] },
      constants: { three: tensor("float32", [3], [1, 2, 3]) },
      nodes: [makeNode("Add", ["x", "three"], ["y"], { name: "odd" })],
    });
    await using session = await createSession(odd, { backend });
    const feeds = { x: tensor("float32", [2]) };
    await expect(session.run(feeds)).rejects.toThrow(
      'node "odd" (Add): binary: inputs of shapes [2] and [3]',
    );
  });

  test("runs on the host where the backend lacks a kernel, and the plan says so; or is refused", async () => {
    const { unary: _, ...some } = kernels;
    const poor: KernelTable<undefined, Storage> = some;
    await using partial = createBackend({
      name: "poor",
      device: hostDevice(),
      context: undefined,
      kernels: poor,
    });
    await using session = await createSession(model, { backend: partial });
    expect((await session.run({ x })).y?.data).toEqual(Float32Array.of(0, 6));
    const relu = session.plan?.rows.find(({ node }) => node === "relu");
    expect(relu).toMatchObject({ how: "fallback", reason: "it has no kernel for this op" });

    await using strict = await createSession(model, { backend: partial, onUnsupported: "error" });
    await expect(strict.run({ x })).rejects.toThrow(UnsupportedOperatorsError);
  });

  test("lists every kernel that the backend lacks, once for each node", async () => {
    const { unary: _, binary: __, elementwise: ___, ...some } = kernels;
    const poor: KernelTable<undefined, Storage> = some;
    await using partial = createBackend({
      name: "poor",
      device: hostDevice(),
      context: undefined,
      kernels: poor,
    });
    const looping = modelOf({
      inputs: { x: ["float32", [2, 2]] },
      outputs: { y: ["float32", [2, 2]] },
      constants: {
        rounds: tensor("int64", [], [3]),
        go: tensor("bool", [], [1]),
        one: tensor("float32", [], [1]),
      },
      nodes: [
        // Computed while planning, where the backend has no say.
        makeNode("Neg", ["one"], ["minus"], { name: "constant" }),
        makeNode("Mul", ["x", "minus"], ["turned"], { name: "turn" }),
        makeNode("MatMul", ["turned", "x"], ["product"], { name: "product" }),
        makeNode("Loop", ["rounds", "go", "product"], ["y"], {
          name: "loop",
          attributes: {
            body: graphOf({
              inputs: { i: ["int64", []], cond: ["bool", []], before: ["float32", [2, 2]] },
              outputs: { again: ["bool", []], after: ["float32", [2, 2]] },
              nodes: [
                makeNode("Identity", ["cond"], ["again"]),
                makeNode("Tanh", ["before"], ["after"], { name: "bend" }),
              ],
            }),
          },
        }),
      ],
    });
    await using session = await createSession(looping, { backend: partial, onUnsupported: "error" });
    const failure = await session.run({ x: tensor("float32", [2, 2]) }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnsupportedOperatorsError);
    const reason = (kernel: string) =>
      `poor does not run ${kernel} float32 -> float32: it has no kernel for this op`;
    expect(failure instanceof UnsupportedOperatorsError && failure.nodes).toEqual([
      { name: "turn", domain: "", opType: "Mul", opset: 21, reason: reason("binary") },
      { name: "bend", domain: "", opType: "Tanh", opset: 21, reason: reason("unary") },
    ]);
    expect(String(failure)).toContain('  Mul (opset 21), node "turn": poor does not run binary');
    expect(partial.bytes).toBe(16);
  });
});
