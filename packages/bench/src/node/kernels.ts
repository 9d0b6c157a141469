/** The command `kernels` in Node. */

import { matches, type RunArguments } from "../arguments.ts";
import { openBackend, openOwnRivals, timedBackend } from "../backends.ts";
import { kernelCases } from "../kernels/index.ts";
import { runKernel, SMALL_KERNEL } from "../kernels/run.ts";
import type { Environment, Row } from "../row.ts";
import { nodeEnvironment } from "./environment.ts";
import { nodeRivals } from "./rivals.ts";

export interface Results {
  readonly environment: Environment;
  readonly rows: readonly Row[];
}

/** Times the kernels that the arguments select; `onRow` sees each row when it is there. */
export async function benchKernels(args: RunArguments, onRow: (row: Row) => void): Promise<Results> {
  await using backend = await openBackend(timedBackend(args.backends), args.threads);
  const others = await openOwnRivals(args.backends, args.threads, SMALL_KERNEL);
  const rivals = await nodeRivals(args.threads);
  const rows: Row[] = [];
  for (const kernelCase of kernelCases.filter((one) => matches(args.filter, one))) {
    const row = await runKernel(kernelCase, { backend, others, rivals, threads: args.threads });
    rows.push(row);
    onRow(row);
  }
  for (const { backend: own } of others) await own.dispose();
  return { environment: nodeEnvironment(backend.device.description, args.threads, rivals.versions), rows };
}
