/** What recurrent layers refuse. */
import { tensor } from "@bitbudget/core";
import type { AttributeValue } from "@bitbudget/onnx";
import { expect, test } from "vitest";
import { runOneNode } from "../support/one-node.ts";
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
