import { open } from "@bitbudget/backend-js";
import { tensor } from "@bitbudget/core";
import {
  create,
  Graph,
  GraphProtoSchema,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  toTensorProto,
} from "@bitbudget/onnx";
import { expect, test } from "vitest";
import { createSession } from "../src/index.ts";

test("runs", async () => {
  const graph = create(GraphProtoSchema, {
    name: "g",
    input: [makeValueInfo("x", "float32", ["n"])],
    output: [makeValueInfo("y", "float32", ["n"])],
    initializer: [toTensorProto(tensor("float32", [1], [2]), "two")],
    node: [
      makeNode("Mul", ["two", "two"], ["four"], { name: "a" }),
      makeNode("Add", ["x", "four"], ["s"], { name: "b" }),
      makeNode("Relu", ["s"], ["y"], { name: "c" }),
    ],
  });
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: 21n }],
    graph,
  });
  await using backend = await open();
  await using session = await createSession(model, { backend });
  const { y } = await session.run({ x: tensor("float32", [3], [-5, 1, 2]) });
  expect(y).toEqual(tensor("float32", [3], [0, 5, 6]));
  console.log(String(session.plan), session.inputs);
});
