/**
 * `node packages/quantize/scripts/rounded.ts [task ...]`: weights rounded to the nearest signed code, channel by channel, the
 * largest at the end of the range, and nothing done about it. Activations stay float: what low precision of weights breaks.
 */
import { open } from "@bitbudget/backend-wasm";
import { dequantize, quantize, tensor, valuesOf } from "@bitbudget/core";
import { copyModel, Graph, tensorValue, toTensorProto } from "@bitbudget/onnx";
import { coreScheme, floatModel, layersOf } from "@bitbudget/quantize";
import { measure, show, type Task, tasks } from "./tasks/index.ts";

async function rounded(task: Task, bits: number) {
  const model = copyModel(await floatModel(await task.load()));
  const graph = Graph.of(model);
  for (const layer of layersOf(graph)) {
    for (const weight of layer.weights) {
      const proto = graph.initializers.get(weight.name);
      if (proto === undefined) continue;
      const values = Float32Array.from(valuesOf(tensorValue(proto)) as Float32Array);
      // Codes of int8, of which a range this much wider leaves those of fewer bits.
      const wider = 127 / (2 ** (bits - 1) - 1);
      const scheme = coreScheme(layer, weight, { dtype: "int8" });
      const found = quantize(
        values.map((x) => x * wider),
        weight.shape,
        scheme,
      );
      const codes = quantize(values, weight.shape, scheme, {
        ranges: Array.from(found.scales as Float32Array, (scale) => ({
          min: -127 * scale,
          max: 127 * scale,
        })),
      });
      graph.initializers.set(
        toTensorProto(tensor("float32", [...weight.shape], dequantize(codes)), weight.name),
      );
    }
  }
  return model;
}

await using backend = await open();
console.log("| bits of the weights | 32 | 8 | 4 | 3 | 2 |\n|---|---|---|---|---|---|");
for (const task of await tasks(...process.argv.slice(2))) {
  const figures = [await measure(task, await floatModel(await task.load()), backend)];
  for (const bits of [8, 4, 3, 2]) figures.push(await measure(task, await rounded(task, bits), backend));
  console.log(`| ${task.name} | ${figures.map((figure) => show(task, figure)).join(" | ")} |`);
}
