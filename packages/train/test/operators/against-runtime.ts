/** Holds what an operator becomes in a training step to the operator itself, as the runtime computes it. */
import { open } from "@bitbudget/backend-js";
import { type HostTensor, valuesOf } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeValueInfo,
  type NodeProto,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { expect } from "vitest";
import { type Statistics, stepGraph } from "../../src/index.ts";

export interface OperatorCase {
  readonly node: NodeProto;
  /** By name; floats are parameters of the step, everything else is constant. */
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly opset?: number;
  readonly statistics?: Statistics;
  /** Largest difference, relative to 1 + the value. Default 1e-9, for float64. */
  readonly tolerance?: number;
}

export function modelOfNode({ node, inputs, opset = 21 }: OperatorCase): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [
      { domain: "", version: BigInt(opset) },
      { domain: "com.microsoft", version: 1n },
    ],
    graph: create(GraphProtoSchema, {
      name: "case",
      initializer: Object.entries(inputs).map(([name, value]) => toTensorProto(value, name)),
      output: node.output.filter((name) => name !== "").map((name) => makeValueInfo(name, "float64")),
      node: [node],
    }),
  });
}

/** Every output of the node, from a training step that returns them. */
export async function trainingOutputs(given: OperatorCase): Promise<Record<string, HostTensor>> {
  const { node, inputs, statistics = "batch" } = given;
  const model = modelOfNode(given);
  const parameters = Object.keys(inputs).filter((name) => /^float/.test(inputs[name]!.dtype));
  const asked = node.output.filter((name) => name !== "");
  const step = stepGraph(model, {
    shapes: {},
    parameters,
    statistics,
    outputs: asked,
    loss: ({ ops }) => ops.scalar(0, "float64"),
  });
  await using backend = await open();
  await using session = await createSession(step.model, { backend });
  const results = await session.run(
    Object.fromEntries(session.inputs.map(({ name }) => [name, inputs[name]!])),
  );
  return Object.fromEntries(asked.map((name) => [name, results[step.outputs.get(name)!]!]));
}

export async function checkAgainstRuntime(given: OperatorCase): Promise<void> {
  await using backend = await open();
  await using session = await createSession(modelOfNode(given), { backend });
  const expected = await session.run({});
  const found = await trainingOutputs(given);
  for (const [name, value] of Object.entries(found))
    expectClose(name, value, expected[name]!, given.tolerance);
}

export function expectClose(name: string, found: HostTensor, expected: HostTensor, tolerance = 1e-9): void {
  expect(found.shape, name).toEqual(expected.shape);
  expect(found.dtype, name).toBe(expected.dtype);
  const [values, wanted] = [valuesOf(found), valuesOf(expected)];
  for (let i = 0; i < wanted.length; i++)
    expect(
      Math.abs(values[i]! - wanted[i]!) / (1 + Math.abs(wanted[i]!)),
      `${name}[${i}]: ${values[i]}, the operator gives ${wanted[i]}`,
    ).toBeLessThan(tolerance);
}
