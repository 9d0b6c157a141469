/**
 * `node packages/quantize/scripts/low-bits.ts [bits] [task ...]`: weights of 2 or 3 bits in all layers, the first and the last, too,
 * with a scale for each output channel: rounded to nearest, then with one repair more in each row, and what part of the points
 * that plain rounding loses comes back. Activations stay float. Tasks are those of packages/zoo/src/tasks, or parts of their names.
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
  type SequentialOptions,
  type WeightScheme,
  withWeights,
} from "@bitbudget/quantize";
import { loss, measure, show, tasks } from "./tasks/index.ts";

const [bits = "2", ...names] = process.argv.slice(2);
const used = Number(bits);
const scheme: WeightScheme = { dtype: used === 2 ? "int2" : "int4", bits: used };

await using backend = await open({ threads: 1 });
for (const task of await tasks(...(names.length === 0 ? ["resnet8"] : names))) {
  const model = await floatModel(await task.load());
  const layers = layersOf(Graph.of(model));
  const float = await measure(task, model, backend);
  console.log(`${task.name}, float: ${show(task, float)}`);
  let plain: number | undefined;
  const row = async (
    name: string,
    range: "min-max" | "mse",
    round: (weight: WeightScheme) => Promise<RoundedModel>,
  ) => {
    const start = process.cpuUsage();
    const found = await round({ ...scheme, range });
    const seconds = process.cpuUsage(start).user / 1e6;
    const figure = await measure(task, withWeights(found.model, found.weights), backend);
    const lost = loss(task, float, figure);
    plain ??= lost;
    const back = `${((100 * (plain - lost)) / plain).toFixed(0)}%`;
    console.log(
      `  ${name.padEnd(30)} ${show(task, figure).padStart(10)}  back ${back.padStart(4)}  ${seconds.toFixed(1).padStart(5)} CPU s`,
    );
    return found;
  };
  const assignment = (weight: WeightScheme) =>
    assign(layers, ({ weights }) => (weights.length > 0 ? { weight } : undefined));
  const sequential = (options: Omit<SequentialOptions, "backend">) => (weight: WeightScheme) =>
    roundSequentially(model, assignment(weight), task.calibration(), { ...options, backend });
  await row("nearest, min-max", "min-max", sequential({ method: "nearest" }));
  await row("nearest, MSE", "mse", sequential({ method: "nearest" }));
  await row("GPTQ", "mse", sequential({ method: "gptq", inputs: "float", correctBias: false }));
  await row("+ inputs rounded so far", "mse", sequential({ method: "gptq", correctBias: false }));
  await row("+ biases", "mse", sequential({ method: "gptq" }));
  const start = await row("+ codes and scales in turn", "mse", sequential({ method: "refine" }));
  await row("+ AdaRound, block by block", "mse", (weight) =>
    reconstructBlocks(model, start, assignment(weight), task.calibration(), { backend }),
  );
}
