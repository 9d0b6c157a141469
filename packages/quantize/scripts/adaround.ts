/**
 * `node packages/quantize/scripts/adaround.ts [bits] [task ...]`: weights rounded to nearest, by AdaRound layer by layer (Nagel et
 * al. 2020), and then by AdaRound block by block (Li et al. 2021), with the error of each block's result before and after.
 */
import { open } from "@bitbudget/backend-wasm";
import { Graph } from "@bitbudget/onnx";
import {
  assign,
  floatModel,
  layersOf,
  type RoundedModel,
  reconstructBlocks,
  roundSequentially,
  withWeights,
} from "@bitbudget/quantize";
import { measure, show, tasks } from "./tasks/index.ts";

const [bits = "3", ...names] = process.argv.slice(2);
const used = Number(bits);
const weight = { dtype: used === 2 ? "int2" : "int4", bits: used, range: "mse" } as const;

await using backend = await open({ threads: 1 });
for (const task of await tasks(...(names.length === 0 ? ["resnet8"] : names))) {
  const model = await floatModel(await task.load());
  const assignment = assign(layersOf(Graph.of(model)), ({ weights }) =>
    weights.length > 0 ? { weight } : undefined,
  );
  const figure = async (found: RoundedModel) =>
    show(task, await measure(task, withWeights(found.model, found.weights), backend));
  console.log(`${task.name}, ${bits} bits, float: ${show(task, await measure(task, model, backend))}`);
  const data = task.calibration();
  console.log(
    `  nearest: ${await figure(await roundSequentially(model, assignment, data, { backend, method: "nearest" }))}`,
  );
  const layers = await roundSequentially(model, assignment, data, { backend, method: "adaround" });
  console.log(`  layer by layer: ${await figure(layers)}`);
  const blocks = await reconstructBlocks(model, layers, assignment, data, {
    backend,
    onBlock: ({ outputs, layers: { length } }, before, after) =>
      console.log(
        `    ${outputs}, ${length} layers: ${before.toPrecision(3)} to ${after.toPrecision(3)} of the signal`,
      ),
  });
  console.log(`  block by block: ${await figure(blocks)}`);
}
