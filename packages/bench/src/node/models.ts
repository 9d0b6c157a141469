/** The command `models` in Node. */

import { matches, type RunArguments } from "../arguments.ts";
import { openBackend, openOwnRivals, timedBackend } from "../backends.ts";
import { runModel, SMALL_MODEL } from "../models/run.ts";
import type { Row } from "../row.ts";
import { nodeEnvironment } from "./environment.ts";
import type { Results } from "./kernels.ts";
import { modelCases } from "./model-files.ts";
import { nodeRivals } from "./rivals.ts";

/** Times the models that the arguments select; `onRow` sees each row when it is there. */
export async function benchModels(args: RunArguments, onRow: (row: Row) => void): Promise<Results> {
  const others = await openOwnRivals(args.backends, args.threads, SMALL_MODEL);
  const rivals = await nodeRivals(args.threads);
  const rows: Row[] = [];
  let device = "";
  for (const modelCase of (await modelCases(args.models)).filter((one) => matches(args.filter, one))) {
    // A backend for each model: none pays for the memory that another one took.
    await using backend = await openBackend(timedBackend(args.backends), args.threads);
    device = backend.device.description;
    const row = await runModel(modelCase, { backend, others, rivals, threads: args.threads });
    rows.push(row);
    onRow(row);
  }
  for (const { backend: own } of others) await own.dispose();
  return { environment: nodeEnvironment(device, args.threads, rivals.versions), rows };
}
