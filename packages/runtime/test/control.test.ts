import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { tensor } from "@bitbudget/core";
import { create, FunctionProtoSchema, makeAttribute, makeNode } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSession } from "../src/index.ts";
import { graphOf, modelOf } from "./support/models.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

describe("decisions that only a run can make", () => {
  /** y = sum(x) > 0 ? x + outer : x * outer */
  const branching = modelOf({
    inputs: { x: ["float32", [2]] },
    outputs: { y: ["float32", [2]] },
    constants: { zero: tensor("float32", [], [0]), outer: tensor("float32", [], [10]) },
    nodes: [
      makeNode("ReduceSum", ["x"], ["sum"], { attributes: { keepdims: 0n } }),
      makeNode("Greater", ["sum", "zero"], ["positive"]),
      makeNode("If", ["positive"], ["y"], {
        attributes: {
          then_branch: graphOf({
            outputs: { t: ["float32", [2]] },
            nodes: [makeNode("Add", ["x", "outer"], ["t"])],
          }),
          else_branch: graphOf({
            outputs: { e: ["float32", [2]] },
            nodes: [makeNode("Mul", ["x", "outer"], ["e"])],
          }),
        },
      }),
    ],
  });

  test("If takes the branch of each run, and remembers both", async () => {
    await using session = await createSession(branching, { backend });
    const y = async (...values: number[]) =>
      (await session.run({ x: tensor("float32", [2], values) })).y?.data;
    expect(await y(1, 2)).toEqual(Float32Array.of(11, 12));
    expect(await y(-1, -2)).toEqual(Float32Array.of(-10, -20));
    const held = backend.bytes;
    expect(await y(3, 4)).toEqual(Float32Array.of(13, 14));
    expect(await y(-3, -4)).toEqual(Float32Array.of(-30, -40));
    expect(backend.bytes).toBe(held);
  });

  /** Doubles x until its sum is at least 100, and collects the sums. */
  const doubling = modelOf({
    inputs: { x: ["float32", [1]] },
    outputs: { last: ["float32", [1]], sums: ["float32", ["n", 1]] },
    constants: {
      go: tensor("bool", [], [1]),
      hundred: tensor("float32", [1], [100]),
      two: tensor("float32", [1], [2]),
    },
    nodes: [
      makeNode("Loop", ["", "go", "x"], ["last", "sums"], {
        attributes: {
          body: graphOf({
            inputs: { i: ["int64", []], cond: ["bool", []], v: ["float32", [1]] },
            outputs: { more: ["bool", []], next: ["float32", [1]], copy: ["float32", [1]] },
            nodes: [
              makeNode("Mul", ["v", "two"], ["next"]),
              makeNode("Identity", ["next"], ["copy"]),
              makeNode("Less", ["next", "hundred"], ["less"]),
              makeNode("Squeeze", ["less"], ["more"]),
            ],
          }),
        },
      }),
    ],
  });

  test("Loop goes on as long as its condition holds", async () => {
    await using session = await createSession(doubling, { backend });
    const { last, sums } = await session.run({ x: tensor("float32", [1], [20]) });
    expect(last).toEqual(tensor("float32", [1], [160]));
    expect(sums).toEqual(tensor("float32", [3, 1], [40, 80, 160]));
    expect((await session.run({ x: tensor("float32", [1], [60]) })).sums?.shape).toEqual([1, 1]);
  });

  test("content that is never the same twice leaves nothing behind", async () => {
    // Which of 200 elements are not zero: too much to remember. The last product has a kernel of its own each time.
    const picking = modelOf({
      inputs: { x: ["float32", [200]], factor: ["float32", [1]] },
      outputs: { y: ["float32", ["n"]] },
      constants: { flat: tensor("int64", [1], [-1]) },
      nodes: [
        makeNode("NonZero", ["x"], ["at"]),
        makeNode("Reshape", ["at", "flat"], ["positions"]),
        makeNode("Gather", ["x", "positions"], ["picked"]),
        makeNode("Mul", ["picked", "factor"], ["y"]),
      ],
    });
    await using session = await createSession(picking, { backend });
    const held: number[] = [];
    for (let round = 1; round <= 5; round++) {
      const x = tensor(
        "float32",
        [200],
        Float32Array.from({ length: 200 }, (_, i) => (i < round ? round : 0)),
      );
      const { y } = await session.run({ x, factor: tensor("float32", [1], [10]) });
      expect(y?.data).toEqual(new Float32Array(round).fill(10 * round));
      held.push(backend.bytes);
    }
    expect(new Set(held).size).toBe(1);
  });

  test("a shape that a run computes", async () => {
    const reshaping = modelOf({
      inputs: { x: ["float32", [6]], columns: ["int64", [1]] },
      outputs: { y: ["float32", ["a", "b"]] },
      constants: { rest: tensor("int64", [1], [-1]) },
      nodes: [
        makeNode("Concat", ["rest", "columns"], ["shape"], { attributes: { axis: 0n } }),
        makeNode("Relu", ["x"], ["positive"]),
        makeNode("Reshape", ["positive", "shape"], ["y"]),
      ],
    });
    await using session = await createSession(reshaping, { backend });
    const x = tensor("float32", [6], [1, 2, 3, 4, 5, 6]);
    for (const columns of [2, 3, 2]) {
      const { y } = await session.run({ x, columns: tensor("int64", [1], [columns]) });
      expect(y).toEqual(tensor("float32", [6 / columns, columns], [1, 2, 3, 4, 5, 6]));
    }
  });
});

test("functions of the model, with attributes that refer to the call's", async () => {
  const leaky = makeNode("LeakyRelu", ["in"], ["out"]);
  const slope = makeAttribute("alpha", 0);
  slope.refAttrName = "slope";
  leaky.attribute = [slope];
  const model = modelOf({
    inputs: { x: ["float32", [2]] },
    outputs: { y: ["float32", [2]] },
    nodes: [makeNode("Bent", ["x"], ["y"], { domain: "local", attributes: { slope: 0.5 } })],
  });
  model.functions = [
    create(FunctionProtoSchema, {
      name: "Bent",
      domain: "local",
      input: ["in"],
      output: ["out"],
      attribute: ["slope"],
      node: [leaky],
      opsetImport: [{ domain: "", version: 21n }],
    }),
  ];
  await using session = await createSession(model, { backend });
  const { y } = await session.run({ x: tensor("float32", [2], [-4, 4]) });
  expect(y?.data).toEqual(Float32Array.of(-2, 4));
});
