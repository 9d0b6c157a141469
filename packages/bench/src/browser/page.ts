/** What runs in the page: the same rows as in Node, but for the native rival. The page's server is node/server.ts. */
import { type BackendName, openBackend } from "../backends.ts";
import { kernelCases } from "../kernels/index.ts";
import { runKernel } from "../kernels/run.ts";
import type { FeedOptions } from "../models/feeds.ts";
import { runModel } from "../models/run.ts";
import type { Environment, Row } from "../row.ts";
import { browserRivals } from "./rivals.ts";

/** What the command asks of the page; plain data, since it comes from another process. */
export interface PageRun {
  readonly threads: number;
  readonly backends: readonly BackendName[] | undefined;
  /** Positions in the list of kernels. */
  readonly kernels: readonly number[];
  readonly models: readonly PageModel[];
}

export interface PageModel {
  readonly scheme: string;
  readonly shape: string;
  readonly feeds: FeedOptions;
  readonly url: string;
}

/** Functions that the command puts into the page, and the one that it calls. */
declare global {
  var benchRow: (row: Row) => Promise<void>;
  var benchRun: (run: PageRun) => Promise<Pick<Environment, "engine" | "device" | "rivals">>;
}

globalThis.benchRun = async ({ threads, backends, kernels, models }) => {
  const [first = "wasm", ...more] = backends ?? [];
  const others = [];
  for (const name of backends === undefined ? (["js"] as const) : more)
    others.push({ backend: await openBackend(name, threads), smallOnly: backends === undefined });
  const rivals = await browserRivals(threads);
  let device = "";
  const backend = await openBackend(first, threads);
  for (const index of kernels) {
    device = backend.device.description;
    await benchRow(await runKernel(kernelCases[index]!, { backend, others, rivals, threads }));
  }
  await backend.dispose();
  for (const { scheme, shape, feeds, url } of models) {
    const mine = await openBackend(first, threads);
    device = mine.device.description;
    const bytes = async () => new Uint8Array(await (await fetch(url)).arrayBuffer());
    await benchRow(
      await runModel(
        { op: "model", scheme, shape, feeds, bytes },
        { backend: mine, others, rivals, threads },
      ),
    );
    await mine.dispose();
  }
  const isolated = crossOriginIsolated ? "" : ", without shared memory";
  return {
    engine: `${navigator.userAgent.match(/\w*Chrome\/[\d.]+/)?.[0] ?? navigator.userAgent}${isolated}`,
    device,
    rivals: rivals.versions,
  };
};
