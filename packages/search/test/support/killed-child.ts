/** Searches until it is killed, and says what it does: `node killed-child.ts JOURNAL`. */
import { writeSync } from "node:fs";
import { functionExecutor, openStudy } from "../../src/index.ts";
import { fileStorage } from "../../src/node.ts";
import { algorithm, loss, PARALLEL, problem, SEED } from "./killed.ts";

const storage = await fileStorage(process.argv[2] ?? "search.journal");
const study = await openStudy({ problem, algorithm, storage, seed: SEED, parallel: PARALLEL });
const executor = functionExecutor(async (configuration, { id }) => {
  writeSync(1, `evaluate ${id}\n`);
  await new Promise((resolve) => setTimeout(resolve, id % 4));
  return { loss: loss(configuration) };
});
for await (const { trial } of study.run(executor)) writeSync(1, `told ${trial.id}\n`);
