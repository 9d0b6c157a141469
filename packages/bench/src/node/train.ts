/** The command `train`: training steps in Node. */

import { matches, type RunArguments } from "../arguments.ts";
import { openBackend, openOwnRivals, timedBackend } from "../backends.ts";
import type { Row } from "../row.ts";
import { trainCases } from "../train/networks.ts";
import { runTraining, SMALL_STEP } from "../train/run.ts";
import { nodeEnvironment } from "./environment.ts";
import type { Results } from "./kernels.ts";
import { registerTfjsGradients } from "./tfjs-gradients.ts";

/** Times training of the networks that the arguments select; `onRow` sees each row when it is there. */
export async function benchTrain(args: RunArguments, onRow: (row: Row) => void): Promise<Results> {
  const [tfjs, { version_wasm }, { version_cpu }] = [
    await import("@tensorflow/tfjs-core"),
    await import("@tensorflow/tfjs-backend-wasm"),
    await import("@tensorflow/tfjs-backend-cpu"),
  ];
  // Its warnings speak of kernels that a backend lacks, which the rows tell too.
  tfjs.enableProdMode();
  await registerTfjsGradients();
  await using backend = await openBackend(timedBackend(args.backends), args.threads);
  const others = await openOwnRivals(args.backends, args.threads, SMALL_STEP);
  const tfjsBackends = [
    { name: "wasm", maxMacs: Number.POSITIVE_INFINITY },
    { name: "cpu", maxMacs: SMALL_STEP },
  ];
  const rows: Row[] = [];
  for (const trainCase of trainCases.filter((one) => matches(args.filter, one))) {
    const row = await runTraining(trainCase, { backend, others, tfjs, tfjsBackends, threads: args.threads });
    rows.push(row);
    onRow(row);
  }
  for (const { backend: own } of others) await own.dispose();
  const versions = {
    "tfjs-wasm": `tfjs-backend-wasm ${version_wasm}, one thread`,
    "tfjs-cpu": `tfjs-backend-cpu ${version_cpu}, plain JavaScript`,
  };
  return { environment: nodeEnvironment(backend.device.description, args.threads, versions), rows };
}
