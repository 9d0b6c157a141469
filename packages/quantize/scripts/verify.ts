/**
 * `node packages/quantize/scripts/verify.ts [task] [weights] [activations] [target]`: exports a model with every layer so that the target
 * runs it, and compares the target with this project's runtime and the float model. Default: shapes-cnn int8 uint8 ort-wasm.
 */
import { open } from "@bitbudget/backend-wasm";
import { type HostTensor, isDType } from "@bitbudget/core";
import { Graph, tensorValue, writeModel } from "@bitbudget/onnx";
import {
  assign,
  calibrate,
  checkTarget,
  coreScheme,
  exportModel,
  floatModel,
  type LayerScheme,
  layersOf,
  onnxruntimeRunner,
  type RunnerFactory,
  roundNearest,
  sessionRunner,
  type Target,
  targets,
  verify,
} from "@bitbudget/quantize";
import type { Batch } from "@bitbudget/train";
import * as native from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { task } from "./tasks/index.ts";

const BATCHES = 4;

const [name = "shapes-cnn", ...others] = process.argv.slice(2);
const [weight = "int8", activation = "uint8"] = others.filter(isDType);
const target: Target = targets.find((each) => others.includes(each)) ?? "ort-wasm";
const { load, calibration: samples } = await task(name);
const model = await floatModel(await load());
const graph = Graph.of(model);
const batches: Batch[] = [];
for await (const batch of samples()) if (batches.push(batch) >= BATCHES) break;

web.env.wasm.numThreads = 1;
await using backend = await open({ threads: 1 });
const calibration = await calibrate(model, batches, { backend });
const left: string[] = [];
const assignment = assign(layersOf(graph), (layer) => {
  const [w, a] = [{ weight: { dtype: weight } }, { activation: { dtype: activation } }];
  const choices: LayerScheme[] = layer.weights.length === 0 ? [a] : [{ ...w, ...a }, w];
  const scheme = choices.find((each) => checkTarget(target, layer, each) === undefined);
  if (scheme?.activation === undefined) left.push(layer.name);
  return scheme;
});
const exported = await exportModel({
  ...{ model, assignment, calibration, target },
  weights: (layer, { name, shape, ...rest }) => {
    const { data } = tensorValue(graph.initializers.get(name)!) as HostTensor<"float32">;
    return roundNearest(data, shape, coreScheme(layer, { name, shape, ...rest }, { dtype: weight }));
  },
});
const bytes = [model, exported].map((each) => writeModel(each).length);
console.log(
  `${name} for ${target}: ${bytes[0]} -> ${bytes[1]} bytes; float activations: ${left.join(", ") || "none"}`,
);

const runners: Record<string, RunnerFactory> = {
  ours: (given) => sessionRunner(given, { backend }),
  "ort-wasm": (given) => onnxruntimeRunner(web, given, { options: { executionProviders: ["wasm"] } }),
  "ort-node": (given) => onnxruntimeRunner(native, given, { options: { intraOpNumThreads: 1 } }),
};
if (!target.startsWith("ort")) {
  delete runners["ort-wasm"];
  delete runners["ort-node"];
}
const reference = await sessionRunner(model, { backend });
console.log(String(await verify(exported, { runners, batches, reference })));
await reference.dispose();
