/**
 * Real models of opsets 8, 9 and 13 can be trained as they are: a step with frozen statistics gives the outputs of the
 * model, and the gradient of all its weights is the slope of the loss along that gradient.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-wasm";
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { Graph, parseModel, tensorValue } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import {
  defaultParameters,
  type LossFunction,
  NoGradientError,
  randomNumbers,
  stepGraph,
} from "../src/index.ts";

const folder = fileURLToPath(new URL("../../../../shared/models/", import.meta.url));
const have = existsSync(folder);
if (!have) {
  const reason = "real models skipped: ../shared/models beside the repository is absent";
  if (process.env.CI !== undefined) throw new Error(reason);
  console.log(reason);
}

interface Case {
  readonly input: string;
  readonly shape: readonly number[];
  /** Numbers of the input are drawn from 0 or -1 to here; token ids from 0 to below. */
  readonly size: number;
}

const cases: Readonly<Record<string, Case>> = {
  mnist_cntk_12: { input: "Input3", shape: [1, 1, 28, 28], size: 1 },
  mlperf_tiny_resnet8_cifar10: { input: "input", shape: [2, 3, 32, 32], size: 255 },
  vit_cifar10_pgd_2_3_16: { input: "input", shape: [4, 3, 32, 32], size: 1 },
  "mobilenet_v1_0.25_224": { input: "input", shape: [1, 3, 224, 224], size: 1 },
  stories260K_T256: { input: "input_ids", shape: [1, 256], size: 500 },
};

const modelOf = (name: string) => parseModel(readFileSync(`${folder}${name}.onnx`));

/** Numbers that are the same in every run. */
function content({ input, shape, size }: Case): HostTensor {
  const random = randomNumbers(1);
  const count = elementCount(shape);
  if (input === "input_ids")
    return tensor(
      "int64",
      shape,
      BigInt64Array.from({ length: count }, () => BigInt(Math.floor(random() * size))),
    );
  return tensor(
    "float32",
    shape,
    Float32Array.from({ length: count }, () => random() * size),
  );
}

/** The mean square of all outputs. */
const meanSquare =
  (outputs: readonly string[]): LossFunction =>
  ({ ops, value }) =>
    outputs
      .map(value)
      .map((y) => ops.reshape(ops.mean(ops.mul(y, y), [...y.shape.keys()]), []))
      .reduce((a, b) => ops.add(a, b));

/** A session of the training step, and what to feed it. */
async function opened(backend: Backend, name: string, given: Case) {
  const model = modelOf(name);
  const { outputs, proto } = Graph.of(model);
  const names = outputs.map((output) => output.name);
  const graph = stepGraph(model, {
    ...{ statistics: "frozen", outputs: names, loss: meanSquare(names) },
    shapes: { [given.input]: given.shape },
    parameters: defaultParameters(model),
  });
  const session = await createSession(graph.model, { backend });
  const stored = new Map(proto.initializer.map((each) => [each.name, each]));
  const feeds = Object.fromEntries(
    session.inputs.map((each): [string, HostTensor] => {
      const initializer = stored.get(each.name);
      return [each.name, initializer === undefined ? content(given) : tensorValue(initializer)];
    }),
  );
  return { graph, session, feeds };
}

const numbersOf = (x: HostTensor) => Array.from(valuesOf(x), Number);

describe.runIf(have)("real models", () => {
  test.each(Object.entries(cases))(
    "%s",
    async (name, given) => {
      await using backend = await open({ threads: 1 });
      const { graph, session, feeds } = await opened(backend, name, given);
      const results = await session.run(feeds);
      await using forward = await createSession(modelOf(name), { backend });
      const expected = await forward.run({ [given.input]: feeds[given.input]! });
      for (const [output, wanted] of Object.entries(expected)) {
        const [values, numbers] = [numbersOf(results[graph.outputs.get(output)!]!), numbersOf(wanted)];
        const largest = (list: readonly number[]) => list.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        // Other kernels, with sums in other orders.
        expect(largest(numbers.map((y, i) => values[i]! - y)), output).toBeLessThan(1e-4 * largest(numbers));
      }

      const gradients = [...graph.gradients].map(
        ([key, output]) => [key, numbersOf(results[output]!)] as const,
      );
      const square = gradients.flatMap(([, slope]) => slope).reduce((sum, x) => sum + x * x, 0);
      const lossAt = async (changed: Readonly<Record<string, HostTensor>>) =>
        numbersOf((await session.run({ ...feeds, ...changed }))[graph.loss]!)[0]!;
      // So far that the loss changes by a part that float32 can tell, and hardly bends.
      const step = (0.001 * (await lossAt({}))) / square;
      const moved = (sign: number) =>
        Object.fromEntries(
          gradients.map(([key, slope]) => {
            const data = numbersOf(feeds[key]!).map((x, i) => x + sign * step * slope[i]!);
            return [key, tensor("float32", feeds[key]!.shape, data)];
          }),
        );
      const slope = ((await lossAt(moved(1))) - (await lossAt(moved(-1)))) / (2 * step);
      console.log(
        `${name}: ${gradients.length} parameters, slope ${slope}, square of the gradient ${square}`,
      );
      expect(Math.abs(slope / square - 1)).toBeLessThan(0.02);
      await session.dispose();
    },
    60_000,
  );

  test("what cannot be trained through is named", () => {
    const shapes = { input_ids: [1, 8] };
    const model = modelOf("charrnn_shakespeare_lstm");
    const make = () =>
      stepGraph(model, { shapes, parameters: defaultParameters(model), loss: meanSquare(["logits"]) });
    expect(make).toThrow(NoGradientError);
    expect(make).toThrow(/\(LSTM\)/);
  });
});
