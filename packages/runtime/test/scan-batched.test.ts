/** Scan of opset 8: a batch of sequences, each of a length of its own. */
import { open } from "@bitbudget/backend-js";
import { tensor } from "@bitbudget/core";
import { create, GraphProtoSchema, ModelProtoSchema, makeNode, makeValueInfo } from "@bitbudget/onnx";
import { expect, test } from "vitest";
import { createSession } from "../src/index.ts";

/** A running sum: the state after the last step, and the state after every step. */
function runningSum(direction: bigint) {
  const body = create(GraphProtoSchema, {
    name: "body",
    node: [makeNode("Add", ["state", "x"], ["sum"]), makeNode("Identity", ["sum"], ["step"])],
    input: [makeValueInfo("state", "float32", [1]), makeValueInfo("x", "float32", [1])],
    output: [makeValueInfo("sum", "float32", [1]), makeValueInfo("step", "float32", [1])],
  });
  const attributes = { body, num_scan_inputs: 1n, directions: [direction] };
  const graph = create(GraphProtoSchema, {
    name: "scan",
    node: [makeNode("Scan", ["lengths", "start", "xs"], ["last", "steps"], { attributes })],
    input: [
      makeValueInfo("lengths", "int64", [2]),
      makeValueInfo("start", "float32", [2, 1]),
      makeValueInfo("xs", "float32", [2, 3, 1]),
    ],
    output: [makeValueInfo("last", "float32"), makeValueInfo("steps", "float32")],
  });
  return create(ModelProtoSchema, { irVersion: 3n, opsetImport: [{ domain: "", version: 8n }], graph });
}

const feeds = {
  start: tensor("float32", [2, 1], [10, 20]),
  xs: tensor("float32", [2, 3, 1], [1, 2, 3, 4, 5, 6]),
};

test.each([
  { direction: 0n, lengths: [3, 2], last: [16, 29], steps: [11, 13, 16, 24, 29, 0] },
  { direction: 1n, lengths: [3, 2], last: [16, 29], steps: [13, 15, 16, 25, 29, 0] },
  { direction: 0n, lengths: [1, 0], last: [11, 20], steps: [11, 0, 0, 0, 0, 0] },
])("lengths $lengths, direction $direction", async ({ direction, lengths, last, steps }) => {
  await using backend = await open();
  await using session = await createSession(runningSum(direction), { backend });
  expect(await session.run({ ...feeds, lengths: tensor("int64", [2], lengths) })).toEqual({
    last: tensor("float32", [2, 1], last),
    steps: tensor("float32", [2, 3, 1], steps),
  });
});

test("refuses lengths beyond the sequences", async () => {
  await using backend = await open();
  await using session = await createSession(runningSum(0n), { backend });
  await expect(session.run({ ...feeds, lengths: tensor("int64", [2], [4, 1]) })).rejects.toThrow(
    /4, 1 of 2 sequences of 3/,
  );
});
