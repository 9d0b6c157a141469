/** Gradients by values that the model computes, beside those by its parameters. */
import { open } from "@bitbudget/backend-js";
import { tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  OperatorSetIdProtoSchema,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { expect, test } from "vitest";
import { meanSquaredError, stepGraph } from "../src/index.ts";

test("a value in the middle has a gradient, through all of its users", async () => {
  // h = w x, y = h h: the error y^2 has the gradients 4 h^3 by h, and that times x by w.
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [create(OperatorSetIdProtoSchema, { version: 21n })],
    graph: create(GraphProtoSchema, {
      name: "squares",
      node: [makeNode("Mul", ["x", "w"], ["h"]), makeNode("Mul", ["h", "h"], ["y"])],
      initializer: [toTensorProto(tensor("float32", [1], [2]), "w")],
      input: [makeValueInfo("x", "float32", [1])],
      output: [makeValueInfo("y", "float32", [1])],
    }),
  });
  const graph = stepGraph(model, {
    shapes: { x: [1] },
    parameters: ["w", "h"],
    outputs: ["h"],
    loss: meanSquaredError({ output: "y" }),
  });
  await using backend = await open();
  await using session = await createSession(graph.model, { backend });
  // What the model computes is not fed.
  expect(session.inputs.map(({ name }) => name).sort()).toEqual(["target", "w", "x"]);
  const one = (x: number) => tensor("float32", [1], [x]);
  const results = await session.run({ x: one(1.5), w: one(2), target: one(0) });
  const numberOf = (name: string | undefined) => results[name ?? ""]?.data[0];
  expect(numberOf(graph.outputs.get("h"))).toBe(3);
  expect(numberOf(graph.gradients.get("h"))).toBe(4 * 3 ** 3);
  expect(numberOf(graph.gradients.get("w"))).toBe(4 * 3 ** 3 * 1.5);
});
