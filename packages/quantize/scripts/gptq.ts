/**
 * `node packages/quantize/scripts/gptq.ts [task ...]`: weights of 4 bits in blocks of 32 and of 3 bits by channel, rounded to nearest
 * and by GPTQ (Frantar et al. 2023), all else the same: ranges with the least squared error, biases as they are.
 */
import { open } from "@bitbudget/backend-wasm";
import { Graph } from "@bitbudget/onnx";
import {
  assign,
  floatModel,
  layersOf,
  roundSequentially,
  type WeightScheme,
  withWeights,
} from "@bitbudget/quantize";
import { measure, show, tasks } from "./tasks/index.ts";

const names = process.argv.slice(2);
const blocks: WeightScheme = { dtype: "int4", granularity: { block: 32 }, range: "mse" };
const channels: WeightScheme = { dtype: "int4", bits: 3, range: "mse" };

await using backend = await open({ threads: 1 });
for (const task of await tasks(...(names.length === 0 ? ["stories"] : names))) {
  const model = await floatModel(await task.load());
  console.log(`${task.name}, float: ${show(task, await measure(task, model, backend))}`);
  for (const [name, scheme] of [
    ["4 bits, blocks of 32", blocks],
    ["3 bits, channels", channels],
  ] as const) {
    const figures: string[] = [];
    for (const method of ["nearest", "gptq"] as const) {
      // Only matrices have blocks.
      const assignment = assign(layersOf(Graph.of(model)), ({ weights }) => {
        const isMatrix = weights.every(({ blockAxis }) => blockAxis !== undefined);
        return weights.length > 0 ? { weight: isMatrix ? scheme : channels } : undefined;
      });
      const found = await roundSequentially(model, assignment, task.calibration(), {
        ...{ backend, method, correctBias: false },
      });
      figures.push(show(task, await measure(task, withWeights(found.model, found.weights), backend)));
    }
    console.log(`  ${name.padEnd(22)} nearest ${figures.join(", GPTQ ")}`);
  }
}
