import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { type HostTensor, tensor } from "@bitbudget/core";
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

const x = randomFloats([2, 3], 1, 3);
const y = { y: ["float32", [2, 4]] } as const;

/** y = activation(x * w) */
function model(activation: GraphParts["nodes"][number], more: Partial<GraphParts> = {}): GraphParts {
  return {
    inputs: { x: ["float32", [2, 3]] },
    outputs: y,
    constants: { w: randomFloats([3, 4], 2), ...bounds },
    nodes: [makeNode("MatMul", ["x", "w"], ["p"], { name: "product" }), activation],
    ...more,
  };
}

const bounds: Record<string, HostTensor> = {
  low: tensor("float32", [], [-0.5]),
  high: tensor("float32", [], [0.75]),
};

describe("an activation after a product", () => {
  test.each([
    makeNode("Relu", ["p"], ["y"]),
    makeNode("Sigmoid", ["p"], ["y"]),
    makeNode("Tanh", ["p"], ["y"]),
    makeNode("HardSwish", ["p"], ["y"]),
    makeNode("LeakyRelu", ["p"], ["y"], { attributes: { alpha: 0.2 } }),
    makeNode("LeakyRelu", ["p"], ["y"]),
    makeNode("Gelu", ["p"], ["y"]),
    makeNode("Elu", ["p"], ["y"], { attributes: { alpha: 0.5 } }),
    makeNode("HardSigmoid", ["p"], ["y"], { attributes: { alpha: 0.3, beta: 0.4 } }),
    makeNode("Clip", ["p", "low", "high"], ["y"]),
    makeNode("Clip", ["p", "", "high"], ["y"]),
    makeNode("Clip", ["p", "low"], ["y"]),
    makeNode("Clip", ["p"], ["y"]),
  ])("$opType is done by the same kernel (%#)", async (activation) => {
    const { kernels } = await sameBothWays(model(activation), { backend, feeds: { x } });
    expect(kernels).toEqual(["linear float32 x float32 -> float32"]);
  });

  test("reads a Clip's bounds from attributes before opset 11", async () => {
    const clip = makeNode("Clip", ["p"], ["y"], { attributes: { min: -0.25, max: 0.5 } });
    const { kernels, optimized } = await sameBothWays(model(clip), { backend, feeds: { x }, opset: 10 });
    expect(kernels).toHaveLength(1);
    expect(Math.max(...Array.from(optimized.y?.data ?? [], Number))).toBe(0.5);
  });

  test("is done after alpha, beta and a bias of any shape of Gemm", async () => {
    for (const shape of [[4], [1, 4], [2, 1], [2, 4], []]) {
      const gemm = makeNode("Gemm", ["x", "w", "c"], ["p"], {
        attributes: { alpha: 0.5, beta: -2, transB: 1n },
      });
      const parts = model(gemm, {
        constants: { w: randomFloats([4, 3], 2), c: randomFloats(shape, 3) },
        nodes: [gemm, makeNode("LeakyRelu", ["p"], ["y"], { attributes: { alpha: 0.1 } })],
      });
      const { operators } = await sameBothWays(parts, { backend, feeds: { x } });
      expect(operators).toEqual(["Gemm"]);
    }
  });

  test("is done by a convolution, over three axes too", async () => {
    for (const spatial of [[5], [5, 4], [3, 4, 3]]) {
      const shape = [1, 2, ...spatial];
      const parts: GraphParts = {
        inputs: { x: ["float32", shape] },
        outputs: { y: ["float32", [1, 3, ...spatial]] },
        constants: { w: randomFloats([3, 2, ...spatial.map(() => 3)], 2), b: randomFloats([3], 3) },
        nodes: [
          makeNode("Conv", ["x", "w", "b"], ["c"], { attributes: { auto_pad: "SAME_UPPER" } }),
          makeNode("Relu", ["c"], ["y"]),
        ],
      };
      const { operators } = await sameBothWays(parts, { backend, feeds: { x: randomFloats(shape, 1) } });
      expect(operators).toEqual(["Conv"]);
    }
  });

  test("is one: what comes after the first stays", async () => {
    const parts = model(makeNode("Relu", ["p"], ["r"]));
    const nodes = [...parts.nodes, makeNode("Sigmoid", ["r"], ["y"])];
    const { operators } = await sameBothWays({ ...parts, nodes }, { backend, feeds: { x } });
    expect(operators).toEqual(["Linear", "Sigmoid"]);
  });
});

describe("an activation stays", () => {
  const relu = makeNode("Relu", ["p"], ["y"]);

  test("where the product is captured, an output or used twice", async () => {
    const run = { backend, feeds: { x } };
    expect((await sameBothWays(model(relu), { ...run, capture: ["p"] })).operators).toContain("Relu");
    const seen = model(relu, { outputs: { ...y, p: ["float32", [2, 4]] } });
    expect((await sameBothWays(seen, run)).operators).toContain("Relu");
    const { nodes } = model(relu);
    const twice = model(relu, {
      outputs: { ...y, z: ["float32", [2, 4]] },
      nodes: [...nodes, makeNode("Neg", ["p"], ["z"])],
    });
    expect((await sameBothWays(twice, run)).operators).toContain("Relu");
  });

  test("where a bound of Clip is fed", async () => {
    const parts = model(makeNode("Clip", ["p", "", "limit"], ["y"]), {
      inputs: { x: ["float32", [2, 3]], limit: ["float32", []] },
    });
    const feeds = { x, limit: tensor("float32", [], [0.1]) };
    expect((await sameBothWays(parts, { backend, feeds })).operators).toContain("Clip");
  });

  test("where the product is the bound, not what is clipped", async () => {
    const parts: GraphParts = {
      inputs: { x: ["float32", [1, 3]] },
      outputs: { y: ["float32", [1, 1]] },
      constants: {
        w: randomFloats([3, 1], 2),
        one: tensor("float32", [1, 1], [1]),
        shape: tensor("int64", [0]),
      },
      nodes: [
        makeNode("MatMul", ["x", "w"], ["p"]),
        makeNode("Reshape", ["p", "shape"], ["limit"]),
        makeNode("Clip", ["one", "limit"], ["y"]),
      ],
    };
    await sameBothWays(parts, { backend, feeds: { x: randomFloats([1, 3], 1) } });
  });

  test("where both matrices are fed", async () => {
    const parts = model(relu, { inputs: { x: ["float32", [2, 3]], w: ["float32", [3, 4]] }, constants: {} });
    const { kernels } = await sameBothWays(parts, { backend, feeds: { x, w: randomFloats([3, 4], 2) } });
    expect(kernels[0]).toMatch(/^matmul/);
  });

  test("where the constant is a stack of matrices, square as they may be", async () => {
    const parts = model(relu, {
      outputs: { y: ["float32", [3, 2, 3]] },
      constants: { w: randomFloats([3, 3, 3], 2) },
    });
    await sameBothWays(parts, { backend, feeds: { x } });
  });

  test("where the product is one of integers", async () => {
    const parts: GraphParts = {
      inputs: { x: ["int32", [2, 3]] },
      outputs: { y: ["int32", [2, 4]] },
      constants: { w: randomIntegers("int32", [3, 4], 2, -9, 9) },
      nodes: [makeNode("MatMul", ["x", "w"], ["p"]), relu],
    };
    await sameBothWays(parts, { backend, feeds: { x: randomIntegers("int32", [2, 3], 1, -9, 9) } });
  });
});
