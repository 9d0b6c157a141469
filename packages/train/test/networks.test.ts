/** Whole networks: loss, gradients and five steps of gradient descent as TensorFlow.js has them, in float32. */
import type { Backend } from "@bitbudget/backend";
import { open as openJs } from "@bitbudget/backend-js";
import { open as openWasm } from "@bitbudget/backend-wasm";
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import type { ModelProto } from "@bitbudget/onnx";
import { createSession, type Results } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import { stepGraph } from "../src/index.ts";
import * as models from "./networks/models.ts";
import { type Recorded, recorded, tensors } from "./networks/recorded.ts";

/**
 * Both sides round to float32, with sums in other orders: an element may differ by this part of the largest of its tensor.
 * The largest difference on both backends is 4e-7; a rule that is wrong is off by more than a thousandth.
 */
const TOLERANCE = 4e-6;

const networks: Record<string, { readonly model: ModelProto; readonly wanted: Recorded }> = {
  cnn: { model: models.cnn, wanted: recorded.cnn },
  residual: { model: models.residual, wanted: recorded.residual },
  transformer: { model: models.transformer, wanted: recorded.transformer },
  "transformer of fused operators": { model: models.fusedTransformer, wanted: recorded.transformer },
};
const backends: Record<string, () => Promise<Backend>> = { js: openJs, wasm: openWasm };

function expectClose(name: string, found: HostTensor, { shape, data }: Recorded["inputs"][string]): void {
  expect(found.shape, name).toEqual(shape);
  const values = valuesOf(found);
  const bound = TOLERANCE * Math.max(...data.map(Math.abs));
  for (const [i, x] of data.entries())
    expect(Math.abs(values[i]! - x), `${name}[${i}]: ${values[i]}, recorded ${x}`).toBeLessThanOrEqual(bound);
}

describe.each(Object.entries(backends))("training on backend-%s as TensorFlow.js does", (_, open) => {
  test.each(Object.entries(networks))("%s", async (_, { model, wanted }) => {
    const parameters = tensors(wanted.parameters);
    let states = tensors(wanted.states);
    const { tokens, ...floats } = wanted.inputs;
    const feeds = { ...tensors(floats), ...(tokens && tensors({ tokens }, "int64")) };
    const shapes = Object.fromEntries(
      Object.entries(wanted.inputs).map(([name, { shape }]) => [name, shape]),
    );
    const names = Object.keys(parameters);
    const graph = stepGraph(model, { shapes, parameters: names, loss: ({ value }) => value("loss") });
    expect([...graph.gradients.keys()]).toEqual(names);
    await using backend = await open();
    await using session = await createSession(graph.model, { backend });
    for (const [step, loss] of wanted.losses.entries()) {
      const results: Results = await session.run({ ...feeds, ...parameters, ...states });
      expect(Math.abs(valuesOf(results[graph.loss]!)[0]! - loss)).toBeLessThan(TOLERANCE * loss);
      for (const [name, output] of graph.gradients) {
        if (step === 0) expectClose(`gradient of ${name}`, results[output]!, wanted.gradients[name]!);
        parameters[name] = descended(parameters[name]!, results[output]!, wanted.learningRate);
      }
      states = Object.fromEntries([...graph.updates].map(([name, output]) => [name, results[output]!]));
    }
    for (const [name, value] of Object.entries(wanted.trained))
      expectClose(`${name} after training`, parameters[name]!, value);
    for (const [name, value] of Object.entries(wanted.statistics)) expectClose(name, states[name]!, value);
  });
});

function descended(parameter: HostTensor, gradient: HostTensor, rate: number): HostTensor {
  const slope = valuesOf(gradient);
  return tensor(
    "float32",
    parameter.shape,
    Float32Array.from(valuesOf(parameter), (x, i) => Math.fround(Number(x) - rate * Number(slope[i]))),
  );
}
