/**
 * `node packages/quantize/scripts/smooth-quant.ts [task ...]`: layers of transformers with rounded activations, before and after
 * their difficulty moved into the weights. With 8 bits there is little to win on models as small as these; with 4 bits of
 * activations it shows what the method does.
 */
import { open } from "@bitbudget/backend-wasm";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import {
  type ActivationScheme,
  assign,
  calibrate,
  fakeQuantize,
  floatModel,
  layersOf,
  smoothQuant,
} from "@bitbudget/quantize";
import { measure, show, tasks } from "./tasks/index.ts";

await using backend = await open({ threads: 1 });
const names = process.argv.slice(2);
const schemes: readonly (readonly [string, ActivationScheme])[] = [
  ["uint8, dynamic", { dtype: "uint8", dynamic: true }],
  ["uint8, static", { dtype: "uint8" }],
  ["uint4, static", { dtype: "uint4" }],
];
console.log(
  "| task | activations | float | as it is | alpha 0.5 | alpha searched | groups |\n|---|---|---|---|---|---|---|",
);
for (const each of await tasks(...(names.length === 0 ? ["vit", "stories260K"] : names))) {
  const float = await floatModel(await each.load());
  const figure = async (model: ModelProto) => show(each, await measure(each, model, backend, 0.4));
  const calibration = await calibrate(float, each.calibration(), { backend });
  const layers = layersOf(Graph.of(float)).filter(
    (layer) => layer.weights.length > 0 && layer.opType !== "Gather",
  );
  for (const [name, activation] of schemes) {
    const assignment = assign(layers, () => ({ weight: { dtype: "int8" }, activation }));
    const cells = [await figure(float), await figure(fakeQuantize(float, { assignment, calibration }))];
    let count = 0;
    for (const alpha of [0.5, undefined]) {
      const options = { assignment, calibration, ...(alpha !== undefined && { alpha }) };
      const { model, groups } = smoothQuant(float, options);
      const after = await calibrate(model, each.calibration(), { backend });
      cells.push(await figure(fakeQuantize(model, { assignment, calibration: after })));
      count = groups.length;
    }
    console.log(`| ${[each.name, name, ...cells, count].join(" | ")} |`);
  }
}
