/**
 * `node packages/quantize/scripts/bias-correction.ts [task ...]`: the mean of what rounded weights do to outputs, taken back by
 * biases: from statistics (one pass over the data), and by measurement, layer by layer, rounded activations included.
 */
import { open } from "@bitbudget/backend-wasm";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import {
  assign,
  calibrate,
  correctBias,
  correctBiasEmpirically,
  fakeQuantize,
  floatModel,
  layersOf,
  nearestWeights,
} from "@bitbudget/quantize";
import type { Batch } from "@bitbudget/train";
import { measure, show, type Task, tasks } from "./tasks/index.ts";

await using backend = await open({ threads: 1 });
const names = process.argv.slice(2);
console.log("| task | weights | float | nearest | statistics | measured |\n|---|---|---|---|---|---|");
for (const each of await tasks(...(names.length === 0 ? ["mobilenet", "resnet8"] : names))) {
  const float = await floatModel(await each.load());
  const figure = async (model: ModelProto) => show(each, await measure(each, model, backend, 0.5));
  const calibration = await calibrate(float, each.calibration(), { backend });
  for (const weight of [{ dtype: "int8" }, { dtype: "int4", range: "mse" }] as const) {
    const layers = layersOf(Graph.of(float)).filter(({ weights }) => weights.length > 0);
    const assignment = assign(layers, () => ({ weight, activation: { dtype: "uint8" } }));
    const weights = nearestWeights(float, assignment);
    const quantized = (model: ModelProto) => fakeQuantize(model, { assignment, calibration, weights });
    const cells = [
      await figure(float),
      await figure(quantized(float)),
      await figure(quantized(correctBias(float, { weights, calibration }))),
      await figure(
        quantized(await correctBiasEmpirically(float, { backend, batches: await some(each), quantized })),
      ),
    ];
    console.log(`| ${[each.name, `${weight.dtype}, per channel`, ...cells].join(" | ")} |`);
  }
}

/** A few batches: means need less data than ranges, and each layer takes a pass. */
async function some({ calibration }: Task): Promise<Batch[]> {
  const few: Batch[] = [];
  for await (const batch of calibration()) if (few.push(batch) === 2) break;
  return few;
}
