/** The data of the tasks is read as its publishers say: then the float models are as accurate as they should be. */
import { open } from "@bitbudget/backend-wasm";
import { afterAll, describe, expect, it } from "vitest";
import { hasShared, measure, task } from "../src/tasks/index.ts";

/** Of onnxruntime on the same data. */
const figures = [
  ["mobilenet_v1_0.25_224", 56.75],
  ["mlperf_tiny_resnet8_cifar10", 76.44],
  ["vit_cifar10_pgd_2_3_16", 59.68],
  ["stories260K_T256", 1.5261],
  ["charrnn_shakespeare_lstm", 1.3555],
] as const;

describe.skipIf(!hasShared("tests of tasks on real models"))("tasks on real models", async () => {
  const backend = await open();
  afterAll(() => backend[Symbol.asyncDispose]());
  for (const [name, expected] of figures)
    it(`${name} has the published figure`, async () => {
      const found = await measure(await task(name), await (await task(name)).load(), backend);
      expect(found).toBeCloseTo(expected, expected > 10 ? 2 : 4);
    });
});
