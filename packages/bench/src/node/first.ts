/** The command `first`: from bytes to the first answer, in a fresh process for each sample, in turns. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { writeModel } from "@bitbudget/onnx";
import type { RunArguments } from "../arguments.ts";
import { disagreement } from "../compare.ts";
import { messageOf } from "../contest.ts";
import { squeezenet } from "../models/squeezenet.ts";
import type { Row, TimedRow, Work } from "../row.ts";
import { estimate, ratioOf } from "../statistics.ts";
import { nodeEnvironment } from "./environment.ts";
import type { First } from "./first-process.ts";
import type { Results } from "./kernels.ts";
import { nodeRivals } from "./rivals.ts";

export const firstWork = { op: "first", scheme: "float32", shape: "SqueezeNet 1.1, 5 MB" } as const;

const ROUNDS = 11;
const contenders = ["wasm", "ort-web", "ort-node"] as const;
export type FirstContender = (typeof contenders)[number];

/** Two rows: without the import of the code, and with it. Each sample is a process of its own: nothing is compiled, cached or warm. */
export async function benchFirst(args: RunArguments, onRow: (row: Row) => void): Promise<Results> {
  const work: Work = { ...firstWork, threads: args.threads, backend: "wasm" };
  const folder = await mkdtemp(join(tmpdir(), "bitbudget-first-"));
  try {
    const path = join(folder, "model.onnx");
    await writeFile(path, writeModel(squeezenet()));
    const rows = await timed(work, path);
    for (const row of rows) onRow(row);
    const { versions } = await nodeRivals(args.threads);
    const device = "WebAssembly, compiled in each process";
    return { environment: nodeEnvironment(device, args.threads, versions), rows };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function timed(work: Work, path: string): Promise<Row[]> {
  const results = new Map<FirstContender, First[]>(contenders.map((name) => [name, []]));
  try {
    for (let round = 0; round < ROUNDS; round++)
      for (let turn = 0; turn < contenders.length; turn++) {
        const name = contenders[(round + turn) % contenders.length]!;
        results.get(name)?.push(await once(name, path, work.threads));
      }
  } catch (error) {
    return [{ ...work, status: "failed", error: messageOf(error) }];
  }
  const withImports = { ...work, op: "first with imports" };
  return [
    rowOf(work, results, ({ ms }) => ms, "load the wasm, read the model, prepare, run once"),
    rowOf(withImports, results, ({ importedMs }) => importedMs, "the same, and load the JavaScript before"),
  ];
}

function rowOf(
  work: Work,
  results: ReadonlyMap<FirstContender, readonly First[]>,
  msOf: (first: First) => number,
  kernel: string,
): TimedRow {
  const time = (name: FirstContender) => estimate((results.get(name) ?? []).map(msOf));
  const answer = (name: FirstContender) => results.get(name)?.[0]?.answer ?? [];
  const ours = time("wasm");
  const rivals = contenders.filter((name) => name !== "wasm");
  const messages = rivals.map((rival) => ({
    rival,
    message: disagreement(answer("wasm"), answer(rival), { rms: 1e-3 }),
  }));
  return {
    ...work,
    status: "timed",
    kernel,
    ...ours,
    gmacs: null,
    rivals: Object.fromEntries(
      rivals.map((name) => {
        const theirs = time(name);
        return [name, { ...theirs, ...ratioOf(theirs, ours) }];
      }),
    ),
    problems: messages.flatMap(({ rival, message }) =>
      message === undefined ? [] : [{ rival, kind: "disagrees" as const, message }],
    ),
  };
}

const run = promisify(execFile);
const script = fileURLToPath(new URL("./first-process.js", import.meta.url));

async function once(name: FirstContender, path: string, threads: number): Promise<First> {
  const { stdout } = await run(process.execPath, [script, name, path, String(threads)], {
    maxBuffer: 1 << 26,
  });
  const first: First = JSON.parse(stdout);
  return first;
}
