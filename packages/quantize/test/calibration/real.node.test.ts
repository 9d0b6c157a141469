/** Ranges of real models are those that onnxruntime's quantizer found in the same data. */
import { open } from "@bitbudget/backend-wasm";
import { affineScale, affineZeroPoint } from "@bitbudget/core";
import { Graph, tensorValue } from "@bitbudget/onnx";
import { readModel } from "@bitbudget/runtime";
import { hasShared, shared, task } from "@bitbudget/zoo/tasks";
import { describe, expect, test } from "vitest";
import { calibrate, floatModel } from "../../src/index.ts";

/** There, what moves numbers or averages them has the scale of its input. */
const sharing = new Set(["AveragePool", "GlobalAveragePool", "Flatten", "Reshape"]);

describe.runIf(hasShared("Ranges of real models"))("min-max by onnxruntime", () => {
  test.each([
    ["resnet8", "mlperf_tiny_resnet8_cifar10", 14],
    ["mnist", "mnist_cntk_12", 8],
    ["vit", "vit_cifar10_pgd_2_3_16", 60],
  ])("of %s", async (name, file, least) => {
    const { load, calibration } = await task(name);
    const model = await floatModel(await load());
    await using backend = await open();
    const found = await calibrate(model, calibration(), { backend });
    const quantized = Graph.of(await readModel(shared(`models/quantized/${file}.int8-qdq.onnx`)));
    const scalar = (initializer: string | undefined) =>
      Number(tensorValue(quantized.initializers.get(initializer ?? "")!).data[0]);
    const floats = Graph.of(model);
    let compared = 0;
    for (const { opType, input } of quantized.nodes) {
      const [value = "", scale, zeroPoint] = input;
      if (opType !== "QuantizeLinear" || !found.names.includes(value)) continue;
      if (sharing.has(floats.producer(value)?.opType ?? "")) continue;
      const range = found.value(value).range("min-max", { dtype: "uint8", symmetric: false });
      const ours = affineScale(range, "uint8", false);
      expect(Math.abs(ours / scalar(scale) - 1)).toBeLessThan(1e-4);
      // Sums in another order may push a tie to the other side.
      expect(Math.abs(affineZeroPoint(range, ours, "uint8", false) - scalar(zeroPoint))).toBeLessThan(1.5);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(least);
  });
});
