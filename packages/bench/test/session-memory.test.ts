/** Models on backend-wasm, in a memory that has no room for leaks: a kilobyte lost in each run would fill it. */
import { open } from "@bitbudget/backend-wasm";
import { tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { expect, test } from "vitest";

const ROOM = 6 * 2 ** 20;
const RUNS = 10_000;
const SESSIONS = 300;

/** y = softmax(relu(x * w)), of rows of 64. */
function model(): ModelProto {
  const weight = tensor("float32", [64, 32], new Float32Array(2048).fill(0.01));
  const graph = create(GraphProtoSchema, {
    name: "test",
    input: [makeValueInfo("x", "float32", ["rows", 64])],
    output: [makeValueInfo("y", "float32", ["rows", 32])],
    initializer: [toTensorProto(weight, "w")],
    node: [
      makeNode("MatMul", ["x", "w"], ["product"], { name: "product" }),
      makeNode("Relu", ["product"], ["positive"], { name: "positive" }),
      makeNode("Softmax", ["positive"], ["y"], { name: "softmax" }),
    ],
  });
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph,
  });
}

function feed(rows: number) {
  return { x: tensor("float32", [rows, 64], new Float32Array(rows * 64).fill(1)) };
}

const timeout = 120_000;

test.for([1, 2])(`${RUNS} runs of a session on %d threads`, { timeout }, async (threads) => {
  await using backend = await open({ threads, maxBytes: ROOM });
  {
    await using session = await createSession(model(), { backend });
    const first = await session.run(feed(16));
    const { bytes } = backend;
    for (let run = 1; run < RUNS; run++) await session.run(feed(16));
    expect(backend.bytes).toBe(bytes);
    expect(await session.run(feed(16))).toEqual(first);
  }
  expect(backend.bytes).toBe(0);
});

test.for([1, 2])(`${SESSIONS} sessions on %d threads`, { timeout }, async (threads) => {
  await using backend = await open({ threads, maxBytes: ROOM });
  for (let i = 0; i < SESSIONS; i++) {
    await using session = await createSession(model(), { backend });
    await session.run(feed(1 + (i % 50)));
  }
  expect(backend.bytes).toBe(0);
});
