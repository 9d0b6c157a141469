import { open } from "@bitbudget/backend-js";
import { dequantize, tensor, valuesOf } from "@bitbudget/core";
import { Graph, type ModelProto, tensorValue, writeModel } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import {
  AssignmentError,
  assign,
  layersOf,
  QuantizeError,
  type RoundingMethod,
  roundNearest,
  roundSequentially,
  withWeights,
} from "../../src/index.ts";
import { stagesOf } from "../../src/rounding/stages.ts";
import { network, relatedInputs } from "./support.ts";

function inputs(seed: number) {
  const batch = (i: number) => ({
    feeds: { x: tensor("float32", [4, 3, 6, 6], relatedInputs(36, 12, seed + i)) },
    targets: {},
  });
  return [batch(0), batch(100)];
}

const model = network();
const layers = layersOf(Graph.of(model));
const scheme = { dtype: "int4", bits: 3, range: "mse" } as const;
const assignment = assign(layers, () => ({ weight: scheme }));

async function outputError(rounded: ModelProto): Promise<number> {
  await using backend = await open();
  await using before = await createSession(model, { backend });
  await using after = await createSession(rounded, { backend });
  let sum = 0;
  for (const { feeds } of inputs(500)) {
    const a = valuesOf((await before.run(feeds)).y!);
    const b = valuesOf((await after.run(feeds)).y!);
    for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  }
  return sum;
}

describe("layer by layer", () => {
  test("stages are what can be rounded together", () => {
    const names = stagesOf(layers).map((stage) => stage.map(({ name }) => name));
    expect(names).toEqual([["first"], ["depthwise", "beside"], ["last"]]);
  });

  test("each method errs less than the one before it, and the model that was given stays as it is", async () => {
    const bytes = writeModel(model);
    await using backend = await open();
    const errors: number[] = [];
    for (const method of ["nearest", "gptq", "refine"] satisfies RoundingMethod[]) {
      const done: string[] = [];
      const found = await roundSequentially(model, assignment, inputs(0), {
        backend,
        method,
        onProgress: (count, of) => done.push(`${count} of ${of}`),
      });
      expect(done).toEqual(["1 of 4", "2 of 4", "3 of 4", "4 of 4"]);
      expect([...found.weights.keys()].sort()).toEqual(["w1", "w2", "w3", "w4"]);
      errors.push(await outputError(withWeights(found.model, found.weights)));
    }
    const [nearest = 0, gptq = 0, refined = 0] = errors;
    expect(gptq).toBeLessThan(0.7 * nearest);
    expect(refined).toBeLessThan(0.5 * nearest);
    expect(writeModel(model)).toEqual(bytes);
  });

  test("nearest needs no data, and is what rounding each weight gives", async () => {
    await using backend = await open();
    const found = await roundSequentially(model, assignment, [], { backend, method: "nearest" });
    const { shape, data } = tensorValue(Graph.of(model).initializers.get("w2")!);
    const alone = roundNearest(
      data as Float32Array,
      shape,
      {
        dtype: "int4",
        granularity: { kind: "channel", axis: 0 },
        mapping: { kind: "affine", symmetric: true },
      },
      { bits: 3, range: "mse" },
    );
    expect(found.weights.get("w2")).toEqual(alone);
    const written = Graph.of(withWeights(model, found.weights)).initializers.get("w2")!;
    expect(tensorValue(written).data).toEqual(dequantize(alone));
  });

  test("the mean of the output of a layer stays, on the data that it was rounded with", async () => {
    await using backend = await open();
    const means = async (given: ModelProto) => {
      await using session = await createSession(given, { backend });
      const sums = new Float64Array(6);
      for (const { feeds } of inputs(0)) {
        const values = valuesOf((await session.run(feeds, { capture: ["a"] })).a!);
        for (const [i, x] of values.entries()) sums[Math.floor(i / 36) % 6]! += x / (8 * 36);
      }
      return sums;
    };
    const before = await means(model);
    const found = await roundSequentially(model, assignment, inputs(0), { backend, rows: 4096 });
    const after = await means(withWeights(found.model, found.weights));
    after.forEach((mean, i) => {
      expect(mean).toBeCloseTo(before[i]!, 4);
    });
    const plain = await roundSequentially(model, assignment, inputs(0), { backend, correctBias: false });
    expect(writeModel(plain.model)).toEqual(writeModel(model));
  });

  test("is the same every time", async () => {
    await using backend = await open();
    const options = { backend, rows: 20, seed: 3 };
    const first = await roundSequentially(model, assignment, inputs(0), options);
    expect(await roundSequentially(model, assignment, inputs(0), options)).toEqual(first);
  });

  test("says what is wrong", async () => {
    await using backend = await open();
    await expect(roundSequentially(model, { none: {} }, inputs(0), { backend })).rejects.toThrow(
      AssignmentError,
    );
    await expect(roundSequentially(model, assignment, [], { backend })).rejects.toThrow(QuantizeError);
    const signal = AbortSignal.abort();
    await expect(roundSequentially(model, assignment, inputs(0), { backend, signal })).rejects.toThrow(
      "abort",
    );
  });
});
