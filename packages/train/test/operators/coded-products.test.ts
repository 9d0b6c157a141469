/** Products of codes: gradients are those of the product of the numbers, forward is that of integer kernels. */
import { open } from "@bitbudget/backend-js";
import { tensor, valuesOf } from "@bitbudget/core";
import { makeNode, type NodeProto } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import { stepGraph } from "../../src/index.ts";
import { markQuantizer } from "../../src/qat/marks.ts";
import { modelOf, numbers } from "../gradients/finite-differences.ts";

interface Product {
  readonly node: NodeProto;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly bias?: number;
  /** Axis of the weight's channels, and how many there are. */
  readonly axis: number;
  readonly channels: number;
}

const products: Readonly<Record<string, Product>> = {
  Conv: {
    node: makeNode("Conv", ["xq", "wq", "b"], ["y"], {
      attributes: { kernel_shape: [3n, 3n], pads: [1n, 1n, 1n, 1n], strides: [2n, 2n] },
    }),
    ...{ x: [2, 4, 5, 5], w: [6, 4, 3, 3], bias: 6, axis: 0, channels: 6 },
  },
  "Conv by channel": {
    node: makeNode("Conv", ["xq", "wq"], ["y"], { attributes: { kernel_shape: [3n, 3n], group: 4n } }),
    ...{ x: [2, 4, 5, 5], w: [4, 1, 3, 3], axis: 0, channels: 4 },
  },
  Gemm: {
    node: makeNode("Gemm", ["xq", "wq", "b"], ["y"], { attributes: { transB: 1n } }),
    ...{ x: [3, 5], w: [4, 5], bias: 4, axis: 0, channels: 4 },
  },
  MatMul: {
    node: makeNode("MatMul", ["xq", "wq"], ["y"]),
    ...{ x: [2, 3, 5], w: [5, 4], axis: 1, channels: 4 },
  },
};

/** Quantizers before both operands; with `apart`, an Identity keeps the product from seeing that they are codes. */
async function run({ node, x, w, bias, axis, channels }: Product, apart: boolean) {
  const coder = (name: string, at: number, isActivation: boolean) => {
    const attributes = { axis: BigInt(at) };
    const quantize = makeNode("QuantizeLinear", [name, `${name}s`, `${name}z`], [`${name}c`], { attributes });
    markQuantizer(quantize, { method: "lsq", isActivation });
    const out = apart ? `${name}d` : `${name}q`;
    const decode = makeNode("DequantizeLinear", [`${name}c`, `${name}s`, `${name}z`], [out], { attributes });
    return [quantize, decode, ...(apart ? [makeNode("Identity", [out], [`${name}q`])] : [])];
  };
  const variables = {
    x: numbers(x, 1),
    w: numbers(w, 2),
    xs: tensor("float64", [], [0.11]),
    ws: tensor(
      "float64",
      [channels],
      Float64Array.from({ length: channels }, (_, i) => 0.05 + 0.03 * i),
    ),
    ...(bias !== undefined && { b: numbers([bias], 3) }),
  };
  const constants = {
    xz: tensor("uint8", [], [120]),
    wz: tensor("int8", [channels], new Array(channels).fill(0)),
  };
  const nodes = [...coder("x", 0, true), ...coder("w", axis, false), node];
  const graph = stepGraph(modelOf({ nodes, variables, constants }), {
    shapes: {},
    parameters: Object.keys(variables),
    outputs: ["y"],
    loss: ({ ops, value }) => {
      const y = value("y");
      const axes = y.shape.map((_, each) => each);
      return ops.sum(ops.mul(y, ops.constant(numbers(y.shape, 7))), axes);
    },
  });
  await using backend = await open();
  await using session = await createSession(graph.model, { backend });
  const results = await session.run(variables);
  const gradients = Array.from(
    graph.gradients,
    ([name, output]) => [name, valuesOf(results[output]!)] as const,
  );
  return { y: valuesOf(results[graph.outputs.get("y")!]!), gradients: new Map(gradients), variables };
}

describe("products of codes", () => {
  for (const [name, product] of Object.entries(products)) {
    test(`${name}: gradients of the product of numbers`, async () => {
      const [coded, plain] = [await run(product, false), await run(product, true)];
      expect([...coded.gradients.keys()].sort()).toEqual([...plain.gradients.keys()].sort());
      for (const [parameter, gradient] of coded.gradients)
        gradient.forEach((value, i) => {
          expect(value, parameter).toBeCloseTo(plain.gradients.get(parameter)![i]!, 9);
        });
    });
    test(`${name}: a bias is a number of units of the sum, everything else as it is`, async () => {
      const [coded, plain] = [await run(product, false), await run(product, true)];
      const area = product.node.opType === "Conv" ? coded.y.length / product.x[0]! / product.channels : 1;
      const { ws, b } = coded.variables;
      coded.y.forEach((value, i) => {
        const channel = Math.floor(i / area) % product.channels;
        const unit = 0.11 * ws.data[channel]!;
        const given = b === undefined ? 0 : b.data[channel]!;
        const moved = Math.round(given / unit) * unit - given;
        expect(value).toBeCloseTo(plain.y[i]! + moved, 9);
        // A whole number of units.
        expect(value / unit).toBeCloseTo(Math.round(value / unit), 6);
      });
    });
  }
});
