/** `node packages/quantize/scripts/float.ts [task ...]`: the figures of the float models that all others are compared with. */
import { open } from "@bitbudget/backend-wasm";
import { floatModel } from "@bitbudget/quantize";
import { measure, show, tasks } from "./tasks/index.ts";

await using backend = await open();
for (const task of await tasks(...process.argv.slice(2))) {
  const given = await task.load();
  const figures = [
    await measure(task, given, backend),
    await measure(task, await floatModel(given), backend),
  ];
  console.log(`${task.name}: ${figures.map((figure) => show(task, figure)).join(", normalized ")}`);
}
