/**
 * `node packages/quantize/scripts/awq.ts [task ...]`: weights of 4 and 3 bits, before and after those that matter were made larger;
 * with ranges from minimum and maximum, and clipped ("mse"). Activations stay float.
 */
import { open } from "@bitbudget/backend-wasm";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import {
  assign,
  awqScale,
  calibrate,
  fakeQuantize,
  floatModel,
  inputGrams,
  type LayerGram,
  layersOf,
  type WeightScheme,
} from "@bitbudget/quantize";
import { measure, show, tasks } from "./tasks/index.ts";

await using backend = await open({ threads: 1 });
const names = process.argv.slice(2);
console.log(
  "| task | weights | float | nearest | AWQ | AWQ, Gram matrices | clipped | AWQ, clipped |\n|---|---|---|---|---|---|---|---|",
);
for (const each of await tasks(...(names.length === 0 ? ["vit", "stories260K"] : names))) {
  const float = await floatModel(await each.load());
  const figure = async (model: ModelProto) => show(each, await measure(each, model, backend, 0.4));
  const calibration = await calibrate(float, each.calibration(), { backend });
  const layers = layersOf(Graph.of(float)).filter(
    (layer) => layer.weights.length > 0 && layer.opType !== "Gather",
  );
  const grams = new Map<string, LayerGram>();
  for await (const { layer, gram } of inputGrams(float, layers, each.calibration(), { backend }))
    grams.set(layer.name, gram);
  for (const [name, weight] of [
    ["int4, per channel", { dtype: "int4" }],
    ["3 bits, per channel", { dtype: "int4", bits: 3 }],
  ] satisfies [string, WeightScheme][]) {
    const assignment = assign(layers, () => ({ weight }));
    const clipped = assign(layers, () => ({ weight: { ...weight, range: "mse" } }));
    const scaled = awqScale(float, { assignment, calibration }).model;
    const byGrams = awqScale(float, { assignment, calibration, grams }).model;
    const cells = [
      await figure(float),
      await figure(fakeQuantize(float, { assignment })),
      await figure(fakeQuantize(scaled, { assignment })),
      await figure(fakeQuantize(byGrams, { assignment })),
      await figure(fakeQuantize(float, { assignment: clipped })),
      await figure(fakeQuantize(byGrams, { assignment: clipped })),
    ];
    console.log(`| ${[each.name, name, ...cells].join(" | ")} |`);
  }
}
