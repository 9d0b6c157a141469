import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { tensor } from "@bitbudget/core";
import { makeNode, type NodeProto } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphParts } from "../support/models.ts";
import { sameBothWays } from "../support/optimized.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

const feeds = { x: randomFloats([3, 8], 1) };
const scalar = (value: number) => tensor("float32", [], [value]);

/** A product as onnxruntime's dynamic quantizer writes it. */
function model(
  more: Partial<GraphParts> = {},
  replaced: Readonly<Record<string, NodeProto>> = {},
): GraphParts {
  const nodes: Record<string, NodeProto> = {
    quantize: makeNode("DynamicQuantizeLinear", ["x"], ["codes", "xs", "xz"]),
    product: makeNode("MatMulInteger", ["codes", "w", "xz", "wz"], ["sums"], { name: "product" }),
    scale: makeNode("Mul", ["xs", "ws"], ["scale"]),
    cast: makeNode("Cast", ["sums"], ["floats"], { attributes: { to: 1n } }),
    scaled: makeNode("Mul", ["floats", "scale"], ["scaled"]),
    add: makeNode("Add", ["scaled", "b"], ["y"]),
    ...replaced,
  };
  return {
    inputs: { x: ["float32", [3, 8]] },
    outputs: { y: ["float32", [3, 4]] },
    constants: {
      w: randomIntegers("int8", [8, 4], 2, -128, 128),
      wz: tensor("int8", [], [0]),
      ws: scalar(0.01),
      b: randomFloats([4], 3),
    },
    nodes: Object.values(nodes),
    ...more,
  };
}

describe("a product of dynamically quantized activations", () => {
  test("is one kernel with its bias", async () => {
    const { kernels } = await sameBothWays(model(), { backend, feeds });
    expect(kernels).toEqual(["linear dynamic uint8 x int8 tensor -> float32"]);
  });

  test("has scales and zero points for each column", async () => {
    const parts = model({
      constants: {
        w: randomIntegers("uint8", [8, 4], 2, 0, 256),
        wz: tensor("uint8", [4], [120, 128, 3, 255]),
        ws: tensor("float32", [4], [0.01, 0.02, 0.03, 0.5]),
        b: randomFloats([4], 3),
      },
    });
    const { kernels } = await sameBothWays(parts, { backend, feeds });
    expect(kernels).toEqual(["linear dynamic uint8 x uint8 channel -> float32"]);
  });

  test("may have its factors the other way round, no bias, and no zero point of the weights", async () => {
    const parts = model(
      {},
      {
        product: makeNode("MatMulInteger", ["codes", "w", "xz"], ["sums"]),
        scale: makeNode("Mul", ["ws", "xs"], ["scale"]),
        scaled: makeNode("Mul", ["scale", "floats"], ["scaled"]),
        add: makeNode("Identity", ["scaled"], ["y"]),
      },
    );
    const { kernels } = await sameBothWays(parts, { backend, feeds });
    expect(kernels).toContain("linear dynamic uint8 x int8 tensor -> float32");
  });

  test("leaves an addition of more than a row alone", async () => {
    for (const shape of [
      [3, 4],
      [3, 1],
    ]) {
      const parts = model({ constants: { ...model().constants, b: randomFloats(shape, 3) } });
      const { operators } = await sameBothWays(parts, { backend, feeds });
      expect(operators).toEqual(["DynamicQuantizeMatMul", "Add"]);
    }
  });

  test("shares the codes with another use of them", async () => {
    const parts = model({ outputs: { y: ["float32", [3, 4]], codes: ["uint8", [3, 8]] } });
    expect((await sameBothWays(parts, { backend, feeds })).operators).toContain("DynamicQuantizeMatMul");
  });
});

describe("the steps stay", () => {
  test.each(["sums", "floats"])("where %s are captured", async (name) => {
    const { operators } = await sameBothWays(model(), { backend, feeds, capture: [name] });
    expect(operators).not.toContain("DynamicQuantizeMatMul");
  });

  test("but for the bias, where the product without it is captured", async () => {
    const { operators } = await sameBothWays(model(), { backend, feeds, capture: ["scaled"] });
    expect(operators).toEqual(["DynamicQuantizeMatMul", "Add"]);
  });

  test("where the zero point is not that of the codes", async () => {
    const parts = model(
      { constants: { ...model().constants, zero: tensor("uint8", [], [7]) } },
      { product: makeNode("MatMulInteger", ["codes", "w", "zero", "wz"], ["sums"]) },
    );
    expect((await sameBothWays(parts, { backend, feeds })).operators).not.toContain("DynamicQuantizeMatMul");
  });

  test("where the scale is not that of the codes", async () => {
    const parts = model(
      { constants: { ...model().constants, other: scalar(0.5) } },
      { scale: makeNode("Mul", ["other", "ws"], ["scale"]) },
    );
    expect((await sameBothWays(parts, { backend, feeds })).operators).not.toContain("DynamicQuantizeMatMul");
  });

  test("where the weights' scale or the weights are fed", async () => {
    for (const name of ["ws", "w"]) {
      const { [name]: fed = scalar(1), ...constants } = model().constants ?? {};
      const parts = model({
        inputs: { x: ["float32", [3, 8]], [name]: [fed.dtype, fed.shape] },
        constants,
      });
      const { operators } = await sameBothWays(parts, { backend, feeds: { ...feeds, [name]: fed } });
      expect(operators).not.toContain("DynamicQuantizeMatMul");
    }
  });

  test("where there is a stack of matrices", async () => {
    const w = randomIntegers("int8", [8, 8, 4], 2, -128, 128);
    const parts = model({
      outputs: { y: ["float32", [8, 3, 4]] },
      constants: { ...model().constants, w },
    });
    expect((await sameBothWays(parts, { backend, feeds })).operators).not.toContain("DynamicQuantizeMatMul");
  });

  test("where scales are a matrix", async () => {
    const parts = model({ constants: { ...model().constants, ws: randomFloats([3, 1], 9) } });
    expect((await sameBothWays(parts, { backend, feeds })).operators).not.toContain("DynamicQuantizeMatMul");
  });
});
