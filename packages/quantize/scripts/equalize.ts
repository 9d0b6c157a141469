/**
 * `node packages/quantize/scripts/equalize.ts [task]`: weights with one scale for all channels, before and after equalization.
 * Without a name: MobileNet, whose depthwise convolutions have channels of very different size once batch normalizations
 * are folded.
 */
import { open } from "@bitbudget/backend-wasm";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import {
  assign,
  calibrate,
  correctBias,
  equalize,
  fakeQuantize,
  floatModel,
  layersOf,
  nearestWeights,
} from "@bitbudget/quantize";
import { measure, show, task } from "./tasks/index.ts";

const chosen = await task(process.argv[2] ?? "mobilenet");
await using backend = await open({ threads: 1 });
const figure = async (model: ModelProto) => show(chosen, await measure(chosen, model, backend, 0.5));

const float = await floatModel(await chosen.load());
const seen = await calibrate(float, chosen.calibration(), { backend });
const tensor = { dtype: "int8", granularity: "tensor" } as const;
const channel = { dtype: "int8" } as const;
const uint8 = { dtype: "uint8" } as const;
const layers = layersOf(Graph.of(float)).filter(({ weights }) => weights.length > 0);
const perChannel = assign(layers, () => ({ weight: channel, activation: uint8 }));

const rows: readonly (readonly [string, ModelProto])[] = [
  ["as it is", float],
  ["weights (Nagel et al. 2019)", equalize(float)],
  [
    "weights, bounds of Relu6 dropped as there",
    equalize(float, { calibration: seen, activations: 0, upperBound: "relu", slack: Infinity }),
  ],
  ["weights and activations", equalize(float, { calibration: seen })],
  [
    "activations and weights, for a scale per channel",
    equalize(float, { assignment: perChannel, calibration: seen }),
  ],
];
console.log(`${chosen.name}: static uint8 activations, int8 weights rounded to nearest\n`);
console.log(
  "| equalized | float | one scale | + biases | scale per channel | + biases |\n|---|---|---|---|---|---|",
);
for (const [name, model] of rows) {
  const cells = [await figure(model)];
  const calibration = await calibrate(model, chosen.calibration(), { backend });
  for (const weight of [tensor, channel]) {
    const assignment = assign(layers, () => ({ weight, activation: uint8 }));
    const weights = nearestWeights(model, assignment);
    cells.push(await figure(fakeQuantize(model, { assignment, calibration, weights })));
    const corrected = correctBias(model, { weights, calibration });
    cells.push(await figure(fakeQuantize(corrected, { assignment, calibration, weights })));
  }
  console.log(`| ${[name, ...cells].join(" | ")} |`);
}
