/** The commands `kernels` and `models` in headless Chromium. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { matches, type RunArguments } from "../arguments.ts";
import type { PageRun } from "../browser/page.ts";
import { UsageError } from "../errors.ts";
import { kernelCases } from "../kernels/index.ts";
import type { ModelCase } from "../models/run.ts";
import type { Row } from "../row.ts";
import { nodeEnvironment } from "./environment.ts";
import type { Results } from "./kernels.ts";
import { modelCases } from "./model-files.ts";
import { serve, urlOf } from "./server.ts";

/** Times the rows that the arguments select in a page; `onRow` sees each row when it is there. */
export async function benchBrowser(args: RunArguments, onRow: (row: Row) => void): Promise<Results> {
  const models = args.command === "models" ? await selectedModels(args) : [];
  const kernels = args.command === "kernels" ? selectedKernels(args) : [];
  const server = await serve((path) => contentOf(path, models));
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    const rows: Row[] = [];
    await page.exposeFunction("benchRow", (row: Row) => {
      rows.push(row);
      onRow(row);
    });
    await page.goto(server.url);
    await page
      .waitForFunction(() => "benchRun" in globalThis, undefined, { timeout: 60_000 })
      .catch((error) => {
        throw new Error(`the page did not load: ${errors.join("; ") || error}`);
      });
    const run: PageRun = {
      threads: args.threads,
      backends: args.backends,
      kernels,
      models: models.map(({ scheme, shape, feeds = {}, float }, i) => ({
        scheme,
        shape,
        feeds,
        url: `/model/${i}`,
        ...(float !== undefined && { floatUrl: `/float/${i}` }),
      })),
    };
    const { engine, device, rivals } = await page.evaluate((given) => globalThis.benchRun(given), run);
    const { processor } = nodeEnvironment(device, args.threads, rivals);
    return { environment: { engine, processor, device, threads: args.threads, rivals }, rows };
  } finally {
    await browser.close();
    server.close();
  }
}

async function launch() {
  const script = new URL("../../../../scripts/chromium.mjs", import.meta.url);
  const found: { chromiumPath: () => string; chromiumArgs: readonly string[] } = await import(script.href);
  const executablePath = found.chromiumPath();
  if (executablePath === "")
    throw new UsageError("--browser needs Chromium: install it, or set CHROMIUM_PATH to one");
  return chromium.launch({ executablePath, args: [...found.chromiumArgs] });
}

function selectedKernels(args: RunArguments): number[] {
  return kernelCases.flatMap((one, index) => (matches(args.filter, one) ? [index] : []));
}

async function selectedModels(args: RunArguments): Promise<ModelCase[]> {
  return (await modelCases(args.models)).filter((one) => matches(args.filter, one));
}

/** The page itself, and the models that it asks for. */
async function contentOf(
  path: string,
  models: readonly ModelCase[],
): Promise<Uint8Array | string | undefined> {
  if (path === "/") return page();
  const [, kind, index] = /^\/(model|float)\/(\d+)$/.exec(path) ?? [];
  const model = models[Number(index)];
  return kind === "float" ? model?.float?.() : model?.bytes();
}

function page(): string {
  const core = fileURLToPath(import.meta.resolve("@tensorflow/tfjs-core"));
  const wasm = fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm"));
  const folder = dirname(wasm);
  return `<!doctype html>
<title>bench</title>
<script src="${urlOf(join(dirname(core), "tf-core.min.js"))}"></script>
<script src="${urlOf(join(folder, "tf-backend-wasm.min.js"))}"></script>
<script>globalThis.tfWasmPath = "${urlOf(folder)}/";</script>
<script type="module" src="/packages/bench/dist/browser/page.js"></script>`;
}
