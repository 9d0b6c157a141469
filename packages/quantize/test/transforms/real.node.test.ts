/** Transforms on real models: what they compute stays. */
import { open } from "@bitbudget/backend-wasm";
import { type HostTensor, valuesOf } from "@bitbudget/core";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import { createSession, type Feeds } from "@bitbudget/runtime";
import { hasShared, task } from "@bitbudget/zoo/tasks";
import { describe, expect, it } from "vitest";
import { assign, awqScale, calibrate, equalize, floatModel, layersOf, smoothQuant } from "../../src/index.ts";
import { difference } from "./models.ts";

const names = ["mobilenet", "vit", "stories260K"];

async function outputs(model: ModelProto, feeds: Feeds): Promise<HostTensor[]> {
  await using backend = await open();
  await using session = await createSession(model, { backend });
  return Object.values(await session.run(feeds));
}

describe.runIf(hasShared("Transforms of real models"))("real models", () => {
  it.each(names)("%s", async (name) => {
    const { load, calibration: batches } = await task(name);
    const model = await floatModel(await load());
    let feeds: Feeds = {};
    for await (const batch of batches()) {
      // One sample is enough: sums in another order are what differs.
      feeds = Object.fromEntries(
        Object.entries(batch.feeds).map(([key, { dtype, shape, data }]) => {
          const length = data.length / (shape[0] ?? 1);
          return [
            key,
            { dtype, shape: [1, ...shape.slice(1)], data: data.subarray(0, length) } as HostTensor,
          ];
        }),
      );
      break;
    }
    const before = await outputs(model, feeds);
    await using backend = await open();
    const calibration = await calibrate(model, [{ feeds, targets: {} }], { backend });
    const assignment = assign(
      layersOf(Graph.of(model)).filter(({ weights }) => weights.length > 0),
      () => ({ weight: { dtype: "int4" }, activation: { dtype: "uint8" } }),
    );
    const options = { assignment, calibration, upperBound: "min" } as const;
    const smooth = smoothQuant(model, options);
    for (const { before: was, after } of smooth.groups) expect(after).toBeLessThanOrEqual(was);
    for (const changed of [equalize(model), smooth.model, awqScale(model, options).model])
      for (const [i, after] of (await outputs(changed, feeds)).entries())
        expect(difference(valuesOf(before[i]!), valuesOf(after))).toBeLessThan(1e-4);
  });
});
