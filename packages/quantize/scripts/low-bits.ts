/**
 * `node packages/quantize/scripts/low-bits.ts [bits] [task ...]`: weights of 2 or 3 bits, with a scale for each channel or block,
 * rounded to nearest and repaired; what part of the points that plain rounding loses comes back. Activations stay float.
 */
import { open } from "@bitbudget/backend-wasm";
import { Graph } from "@bitbudget/onnx";
import {
  assign,
  floatModel,
  layersOf,
  roundSequentially,
  type SequentialOptions,
  type WeightScheme,
  withWeights,
} from "@bitbudget/quantize";
import { loss, measure, show, tasks } from "./tasks/index.ts";

const [bits = "2", ...names] = process.argv.slice(2);
const used = Number(bits);
const scheme: WeightScheme = { dtype: used === 2 ? "int2" : "int4", bits: used };

await using backend = await open({ threads: 1 });
const ways: readonly (readonly [string, WeightScheme, Omit<SequentialOptions, "backend">])[] = [
  ["nearest, min-max", { ...scheme, range: "min-max" }, { method: "nearest" }],
  ["nearest, MSE", { ...scheme, range: "mse" }, { method: "nearest" }],
  ["GPTQ", { ...scheme, range: "mse" }, { method: "gptq", inputs: "float", correctBias: false }],
  ["GPTQ, bias", { ...scheme, range: "mse" }, { method: "gptq", inputs: "float" }],
  ["GPTQ, bias, rounded inputs", { ...scheme, range: "mse" }, { method: "gptq" }],
  ["and scales in turn", { ...scheme, range: "mse" }, { method: "refine" }],
];
for (const task of await tasks(...(names.length === 0 ? ["resnet8"] : names))) {
  const model = await floatModel(await task.load());
  const float = await measure(task, model, backend);
  console.log(`${task.name}, float: ${show(task, float)}`);
  let plain: number | undefined;
  for (const [way, weight, options] of ways) {
    const start = process.cpuUsage();
    const assignment = assign(layersOf(Graph.of(model)), ({ weights }) =>
      weights.length > 0 ? { weight } : undefined,
    );
    const found = await roundSequentially(model, assignment, task.calibration(), { ...options, backend });
    const seconds = process.cpuUsage(start).user / 1e6;
    const figure = await measure(task, withWeights(found.model, found.weights), backend);
    const lost = loss(task, float, figure);
    plain ??= lost;
    console.log(
      `  ${way.padEnd(30)} ${show(task, figure).padStart(10)}  back ${((100 * (plain - lost)) / plain).toFixed(0)}%  ${seconds.toFixed(1)} s`,
    );
  }
}
