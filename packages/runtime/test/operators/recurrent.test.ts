/** What recurrent layers refuse, what they run as, and layouts and formats that onnxruntime does not have. */
import { open } from "@bitbudget/backend-js";
import { type DType, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import type { AttributeValue } from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import { createSession } from "../../src/index.ts";
import { type OneNode, oneNode, runOneNode } from "../support/one-node.ts";
import { randomFloats } from "../support/random.ts";

const x = randomFloats([4, 1, 3], 1);
const [w, r] = [randomFloats([1, 8, 3], 2), randomFloats([1, 8, 2], 3)];

test.each([
  ["unknown directions", [x, w, r], { direction: "sideways" }, "unknown direction"],
  ["unknown activations", [x, w, r], { activations: ["Sigmoid", "Wave", "Tanh"] }, '"Wave"'],
  ["too few activations", [x, w, r], { activations: ["Sigmoid"] }, "has 1 activations, needs 3"],
  ["weights of another size", [x, randomFloats([1, 7, 3], 2), r], {}, "input 1 has the shape [1, 7, 3]"],
  ["one direction of two", [x, w, r], { direction: "bidirectional" }, "input 1"],
  ["a hidden size that is not R's", [x, w, r], { hidden_size: 5n }, "hidden_size 5"],
  ["a bias of another size", [x, w, r, randomFloats([1, 8], 4)], {}, "input 3"],
  ["more lengths than sequences", [x, w, r, undefined, tensor("int32", [2], [1, 1])], {}, "input 4"],
] as const)(
  "refuses %s",
  async (_, inputs, attributes: Readonly<Record<string, AttributeValue>>, message) => {
    const lstm = runOneNode({ opType: "LSTM", opset: 14, attributes, inputs, outputs: ["float32"] });
    await expect(lstm).rejects.toThrow(message);
  },
);

test("refuses sequences longer than the tensor", async () => {
  const inputs = [x, w, r, undefined, tensor("int32", [1], [9])];
  const lstm = runOneNode({ opType: "LSTM", opset: 14, inputs, outputs: ["float32"] });
  await expect(lstm).rejects.toThrow("length 9");
});

async function plan(node: OneNode): Promise<string[]> {
  const { model, feeds } = oneNode(node);
  await using backend = await open();
  await using session = await createSession(model, { backend });
  await session.run(feeds);
  return session.plan?.rows.map(({ kernel }) => kernel) ?? [];
}

describe("with constant weights", () => {
  const bias = randomFloats([1, 16], 4);
  const usual: OneNode = {
    opType: "LSTM",
    opset: 14,
    inputs: [x, w, r, bias],
    outputs: ["float32"],
    constants: [1, 2, 3],
  };
  const linear = "linear float32 x float32 -> float32";
  const recurrent = "recurrent float32 x float32 -> float32";
  const both = randomFloats([2, 8, 3], 5);
  const bothR = randomFloats([2, 8, 2], 6);

  test.each<[string, Partial<OneNode>, readonly string[]]>([
    ["one direction is a linear and a recurrent", {}, [linear, recurrent]],
    [
      "its default activations may be named",
      { attributes: { activations: ["sigmoid", "tanh", "Tanh"] } },
      [linear, recurrent],
    ],
    [
      "two directions are joined",
      { inputs: [x, both, bothR], attributes: { direction: "bidirectional" } },
      [linear, recurrent, linear, recurrent, "concat float32 -> float32"],
    ],
    [
      "lengths as long as the tensor change nothing",
      { inputs: [x, w, r, bias, tensor("int32", [1], [4])], constants: [1, 2, 3, 4] },
      [linear, recurrent],
    ],
    [
      "other activations run on the host",
      { attributes: { activations: ["Sigmoid", "Relu", "Tanh"] } },
      ["LSTM"],
    ],
    ["and so do coupled gates", { attributes: { input_forget: 1n } }, ["LSTM"]],
    [
      "shorter sequences",
      { inputs: [x, w, r, bias, tensor("int32", [1], [3])], constants: [1, 2, 3, 4] },
      ["LSTM"],
    ],
    ["lengths that are fed", { inputs: [x, w, r, bias, tensor("int32", [1], [4])] }, ["LSTM"]],
    [
      "peepholes",
      {
        inputs: [x, w, r, bias, undefined, undefined, undefined, randomFloats([1, 6], 7)],
        constants: [1, 2, 3, 7],
      },
      ["LSTM"],
    ],
    ["biases that are fed", { constants: [1, 2] }, ["LSTM"]],
  ])("%s", async (_, changes, kernels) => {
    expect(await plan({ ...usual, ...changes })).toEqual(kernels);
  });

  // What is fed runs on the host, which is held to onnxruntime and to ONNX's own tests.
  test.each(["LSTM", "GRU", "RNN"] as const)(
    "%s with the batch first is the same on the host",
    async (opType) => {
      const [gates, states] = { LSTM: [4, 2], GRU: [3, 1], RNN: [1, 1] }[opType] as [number, number];
      const node: OneNode = {
        opType,
        opset: 14,
        attributes: { layout: 1n, direction: "bidirectional" },
        inputs: [
          randomFloats([3, 5, 4], 1),
          randomFloats([2, gates * 2, 4], 2),
          randomFloats([2, gates * 2, 2], 3),
          randomFloats([2, gates * 4], 4),
          undefined,
          ...Array.from({ length: states }, (_, i) => randomFloats([3, 2, 2], 5 + i)),
        ],
        outputs: Array.from({ length: 1 + states }, () => "float32"),
      };
      const [onHost, asKernels] = [
        await runOneNode(node),
        await runOneNode({ ...node, constants: [1, 2, 3] }),
      ];
      expect(Object.keys(asKernels)).toEqual(Object.keys(onHost));
      for (const [name, expected] of Object.entries(onHost)) expectNear(asKernels[name], expected, 1e-6);
    },
  );

  test.each<[DType, number]>([
    ["float16", 2 ** -10],
    ["bfloat16", 2 ** -7],
  ])("of %s it rounds its results alone", async (dtype, step) => {
    const half = (of: HostTensor) => tensor(dtype, of.shape, valuesOf(of));
    const inputs = [randomFloats([20, 1, 3], 1), w, r, bias].map(half);
    const node: OneNode = { opType: "LSTM", opset: 22, inputs, outputs: [dtype, dtype, dtype] };
    const [onHost, asKernels] = [await runOneNode(node), await runOneNode({ ...node, constants: [1, 2, 3] })];
    // One rounding apart at most, where the exact value is next to a tie.
    for (const [name, expected] of Object.entries(onHost)) expectNear(asKernels[name], expected, step);
    const [a, b] = [asKernels.y0, onHost.y0].map((y) => [...valuesOf(y!)]);
    expect(a!.filter((value, i) => value === b![i]).length).toBeGreaterThan(0.95 * b!.length);
  });
});

function expectNear(actual: HostTensor | undefined, expected: HostTensor, tolerance: number): void {
  expect([actual?.dtype, actual?.shape]).toEqual([expected.dtype, expected.shape]);
  const values = valuesOf(actual!);
  for (const [i, value] of valuesOf(expected).entries())
    expect(Math.abs(values[i]! - value), `at ${i}`).toBeLessThanOrEqual(tolerance);
}
