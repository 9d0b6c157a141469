/** What runs in the page: the same rows as in Node, but for the native rival. The page's server is node/server.ts. */
import { type BackendChoice, openBackend, openOwnRivals, timedBackend } from "../backends.ts";
import { kernelCases } from "../kernels/index.ts";
import { runKernel, SMALL_KERNEL } from "../kernels/run.ts";
import type { FeedOptions } from "../models/feeds.ts";
import { runModel, SMALL_MODEL } from "../models/run.ts";
import type { Environment, Row } from "../row.ts";
import { browserRivals } from "./rivals.ts";

/** What the command asks of the page; plain data, since it comes from another process. */
export interface PageRun {
  readonly threads: number;
  readonly backends: BackendChoice;
  /** Positions in the list of kernels. */
  readonly kernels: readonly number[];
  readonly models: readonly PageModel[];
}

export interface PageModel {
  readonly scheme: string;
  readonly shape: string;
  readonly feeds: FeedOptions;
  readonly url: string;
  /** Of the same model before it was quantized. */
  readonly floatUrl?: string;
}

/** Functions that the command puts into the page, and the one that it calls. */
declare global {
  var benchRow: (row: Row) => Promise<void>;
  var benchRun: (run: PageRun) => Promise<Pick<Environment, "engine" | "device" | "rivals">>;
}

async function load(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return new Uint8Array(await response.arrayBuffer());
}

globalThis.benchRun = async ({ threads, backends, kernels, models }) => {
  const first = timedBackend(backends);
  const others = await openOwnRivals(backends, threads, kernels.length > 0 ? SMALL_KERNEL : SMALL_MODEL);
  const rivals = await browserRivals(threads);
  let device = "";
  const backend = await openBackend(first, threads);
  for (const index of kernels) {
    device = backend.device.description;
    await benchRow(await runKernel(kernelCases[index]!, { backend, others, rivals, threads }));
  }
  await backend.dispose();
  for (const { scheme, shape, feeds, url, floatUrl } of models) {
    const mine = await openBackend(first, threads);
    device = mine.device.description;
    await benchRow(
      await runModel(
        {
          op: "model",
          scheme,
          shape,
          feeds,
          bytes: () => load(url),
          ...(floatUrl !== undefined && { float: () => load(floatUrl) }),
        },
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
