/** The command `kernels` in Node. */

import { matches, type RunArguments } from "../arguments.ts";
import { type BackendName, openBackend } from "../backends.ts";
import { kernelCases } from "../kernels/index.ts";
import { runKernel } from "../kernels/run.ts";
import type { Environment, Row } from "../row.ts";
import { nodeEnvironment } from "./environment.ts";
import { nodeRivals } from "./rivals.ts";

export interface Results {
  readonly environment: Environment;
  readonly rows: readonly Row[];
}

/** Times the kernels that the arguments select; `onRow` sees each row when it is there. */
export async function benchKernels(args: RunArguments, onRow: (row: Row) => void): Promise<Results> {
  const [first = "wasm", ...more] = args.backends ?? [];
  const names: readonly BackendName[] = args.backends === undefined ? ["js"] : more;
  await using backend = await openBackend(first, args.threads);
  await using stack = new AsyncDisposableStack();
  const others = [];
  for (const name of names)
    others.push({
      backend: stack.use(await openBackend(name, args.threads)),
      smallOnly: args.backends === undefined,
    });
  const rivals = await nodeRivals(args.threads);
  const rows: Row[] = [];
  for (const kernelCase of kernelCases.filter((one) => matches(args.filter, one))) {
    const row = await runKernel(kernelCase, { backend, others, rivals, threads: args.threads });
    rows.push(row);
    onRow(row);
  }
  return { environment: nodeEnvironment(backend.device.description, args.threads, rivals.versions), rows };
}
