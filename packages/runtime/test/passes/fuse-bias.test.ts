import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { makeNode } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphParts } from "../support/models.ts";
import { sameBothWays } from "../support/optimized.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

const x = randomFloats([2, 3], 1);

/** y = x * w + b, the bias on either side. */
function model(more: Partial<GraphParts> = {}, operands = ["p", "b"]): GraphParts {
  return {
    inputs: { x: ["float32", [2, 3]] },
    outputs: { y: ["float32", [2, 4]] },
    constants: { w: randomFloats([3, 4], 2), b: randomFloats([4], 3) },
    nodes: [makeNode("MatMul", ["x", "w"], ["p"], { name: "product" }), makeNode("Add", operands, ["y"])],
    ...more,
  };
}

describe("a row added to a product", () => {
  test.each([[["p", "b"]], [["b", "p"]]])("is its bias: Add(%s)", async (operands) => {
    const { kernels } = await sameBothWays(model({}, operands), { backend, feeds: { x } });
    expect(kernels).toEqual(["linear float32 x float32 -> float32"]);
  });

  test("is its bias for a vector, and for a stack of matrices", async () => {
    for (const shape of [[3], [2, 2, 3]]) {
      const parts = model({
        inputs: { x: ["float32", shape] },
        outputs: { y: ["float32", shape.with(-1, 4)] },
      });
      const { operators } = await sameBothWays(parts, { backend, feeds: { x: randomFloats(shape, 1) } });
      expect(operators).toEqual(["Linear"]);
    }
  });

  test("and then an activation make one kernel", async () => {
    const nodes = [
      makeNode("MatMul", ["x", "w"], ["p"]),
      makeNode("Add", ["b", "p"], ["s"]),
      makeNode("Relu", ["s"], ["y"]),
    ];
    const { kernels } = await sameBothWays(model({ nodes }), { backend, feeds: { x } });
    expect(kernels).toHaveLength(1);
  });
});

describe("a sum stays", () => {
  test("where the product is captured or an output", async () => {
    const captured = await sameBothWays(model(), { backend, feeds: { x }, capture: ["p"] });
    expect(captured.operators).toContain("Add");
    const outputs = { y: ["float32", [2, 4]], p: ["float32", [2, 4]] } as const;
    expect((await sameBothWays(model({ outputs }), { backend, feeds: { x } })).operators).toContain("Add");
  });

  test("where what is added is fed", async () => {
    const parts = model({
      inputs: { x: ["float32", [2, 3]], b: ["float32", [4]] },
      constants: { w: randomFloats([3, 4], 2) },
    });
    const { operators } = await sameBothWays(parts, { backend, feeds: { x, b: randomFloats([4], 3) } });
    expect(operators).toContain("Add");
  });

  test("where a product is added to itself", async () => {
    const { operators } = await sameBothWays(model({}, ["p", "p"]), { backend, feeds: { x } });
    expect(operators).toContain("Add");
  });

  test.each([[[2, 4]], [[2, 1]], [[1]], [[]], [[3, 1, 1]]])("where it has the shape %j", async (shape) => {
    const parts = model({
      outputs: { y: ["float32", shape.length > 2 ? [3, 2, 4] : [2, 4]] },
      constants: { w: randomFloats([3, 4], 2), b: randomFloats(shape, 3) },
    });
    expect((await sameBothWays(parts, { backend, feeds: { x } })).operators).toContain("Add");
  });

  test("where the product has one column and the row would widen it", async () => {
    const parts = model({ constants: { w: randomFloats([3, 1], 2), b: randomFloats([4], 3) } });
    expect((await sameBothWays(parts, { backend, feeds: { x } })).operators).toContain("Add");
  });

  test("where the product is one of integers", async () => {
    const parts = model({
      inputs: { x: ["int32", [2, 3]] },
      outputs: { y: ["int32", [2, 4]] },
      constants: {
        w: randomIntegers("int32", [3, 4], 2, -9, 9),
        b: randomIntegers("int32", [4], 3, -9, 9),
      },
    });
    await sameBothWays(parts, { backend, feeds: { x: randomIntegers("int32", [2, 3], 1, -9, 9) } });
  });
});

describe("numbers for the channels, added to a convolution", () => {
  const image = randomFloats([1, 3, 5, 4], 4);
  const conv = (shape: readonly number[], more: Partial<GraphParts> = {}): GraphParts => ({
    inputs: { x: ["float32", [1, 3, 5, 4]] },
    outputs: { y: ["float32", [1, 2, 5, 4]] },
    constants: { w: randomFloats([2, 3, 3, 3], 5), b: randomFloats(shape, 6), c: randomFloats([2], 7) },
    nodes: [
      makeNode("Conv", ["x", "w"], ["p"], { attributes: { pads: [1n, 1n, 1n, 1n] } }),
      makeNode("Add", ["b", "p"], ["y"]),
    ],
    ...more,
  });

  test.each([[[2, 1, 1]], [[1, 2, 1, 1]]])("are its bias: %j", async (shape) => {
    const { kernels } = await sameBothWays(conv(shape), { backend, feeds: { x: image } });
    expect(kernels).toHaveLength(1);
  });

  test.each([[[]], [[4]], [[1, 1, 1]], [[2, 1, 4]], [[2, 5, 1]]])(
    "stay where they are others: %j",
    async (shape) => {
      const { operators } = await sameBothWays(conv(shape), { backend, feeds: { x: image } });
      expect(operators).toContain("Add");
    },
  );

  test("stay where it has a bias, or where they would add an axis", async () => {
    const biased = conv([2, 1, 1]);
    const nodes = [makeNode("Conv", ["x", "w", "c"], ["p"], { attributes: { pads: [1n, 1n, 1n, 1n] } })];
    const both = await sameBothWays(conv([2, 1, 1], { nodes: [...nodes, ...biased.nodes.slice(1)] }), {
      backend,
      feeds: { x: image },
    });
    expect(both.operators).toContain("Add");
    const wider = conv([1, 1, 2, 1, 1], { outputs: { y: ["float32", [1, 1, 2, 5, 4]] } });
    expect((await sameBothWays(wider, { backend, feeds: { x: image } })).operators).toContain("Add");
  });
});
