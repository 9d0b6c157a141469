/** What the command line says, checked. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BackendChoice, type BackendName, backendNames } from "./backends.ts";
import { UsageError } from "./errors.ts";

export const help = `Times bitbudget's kernels and models against onnxruntime and TensorFlow.js, which run beside it in one process.

  npm run bench -- COMMAND

  kernels [--filter TEXT] [--threads N] [--backend LIST] [--browser] [--json FILE]
  models  [--filter TEXT] [--threads N] [--backend LIST] [--browser] [--json FILE]
  train   [--filter TEXT] [--threads N] [--backend LIST] [--json FILE]
  first   [--threads N] [--json FILE]
  limits
  report  FILE... [--out FILE]
  all     [--models DIR] [--out DIR]

kernels   One op each, from operands in host memory to its result, as its rivals run it (results over 64 kB stay where
          they were computed, for all). "kernel" is the speed of the kernel alone, with everything on the device.
models    Whole models: real ones from a folder, and generated ones of the shapes that people deploy.
train     Steps of training: loss, gradients and the update of the weights, from a batch in host memory.
first     From the bytes of a model of 5 MB to its first answer, in fresh processes.
limits    What one thread could do at best: multiply-adds in registers, and bytes read from memory.
report    One HTML page with charts, from files that --json wrote; tables in Markdown where FILE ends in .md.
all       kernels on one thread, on two and in Chromium, models, train, first, and the report of all that.

  --filter TEXT   Rows that contain every word of the text in their op, scheme or shape: --filter "conv uint8"
  --threads N     Threads of every contender, 1 unless given. TensorFlow.js has one in Node.
  --backend LIST  Which of ours: ${backendNames.join(", ")}. The first is timed, others become rivals. Default wasm, with js as a
                  rival where that takes little time.
  --browser       In headless Chromium instead of Node
  --models DIR    Folder of real models, default ../shared/models
  --json FILE     Writes the rows, with intervals and the environment
  --out PATH      Where the page goes, default report.html; the folder of what \`all\` writes, default in the temporary directory
  --list          Prints the rows and times nothing

A ratio above 1 means that bitbudget is faster. Each row's rivals are checked against its result before they are timed.

Exit codes: 0 where all is right, 1 where we fail or a rival disagrees, 2 where the command makes no sense.`;

export interface RunArguments {
  readonly command: "kernels" | "models" | "train" | "first";
  readonly filter: readonly string[];
  readonly threads: number;
  readonly backends: BackendChoice;
  readonly browser: boolean;
  readonly models: string;
  readonly json: string | undefined;
  readonly list: boolean;
}

export interface ReportArguments {
  readonly command: "report";
  readonly files: readonly string[];
  readonly out: string;
}

export interface AllArguments {
  readonly command: "all";
  readonly models: string;
  readonly out: string;
}

export type Arguments =
  | RunArguments
  | ReportArguments
  | AllArguments
  | { readonly command: "help" | "limits" };

const options = {
  filter: { type: "string" },
  threads: { type: "string" },
  backend: { type: "string" },
  browser: { type: "boolean" },
  models: { type: "string" },
  json: { type: "string" },
  out: { type: "string" },
  list: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Option = keyof typeof options;

/** Options of each command; all others are errors there. */
const accepted: Readonly<Record<string, readonly Option[]>> = {
  kernels: ["filter", "threads", "backend", "browser", "json", "list"],
  models: ["filter", "threads", "backend", "browser", "json", "list", "models"],
  train: ["filter", "threads", "backend", "json", "list"],
  first: ["threads", "json"],
  limits: [],
  report: ["out"],
  all: ["models", "out"],
};

/** @throws UsageError that says what is wrong and what would be right */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  const [command, ...rest] = positionals;
  if (values.help === true) return { command: "help" };
  if (command === undefined)
    throw new UsageError("name a command: kernels, models, train, first, limits, report or all");
  const allowed = Object.hasOwn(accepted, command) ? accepted[command] : undefined;
  if (allowed === undefined)
    throw new UsageError(
      `${command} is no command; use kernels, models, train, first, limits, report or all`,
    );
  for (const name of Object.keys(values))
    if (!allowed.some((option) => option === name)) throw new UsageError(`${command} takes no --${name}`);
  if (command === "limits" && rest.length === 0) return { command };
  if (command === "report") {
    if (rest.length === 0) throw new UsageError("report needs a file that --json wrote");
    return { command, files: rest, out: values.out ?? "report.html" };
  }
  if (rest.length > 0)
    throw new UsageError(
      `${command} takes no ${rest[0]}; say --filter ${JSON.stringify(rest.join(" "))} for some rows`,
    );
  const models = values.models ?? "../shared/models";
  if (command === "all")
    return { command, models, out: values.out ?? join(tmpdir(), "bitbudget-bench", "results") };
  if (command !== "kernels" && command !== "models" && command !== "train" && command !== "first")
    throw new UsageError(`${command} is no command`);
  return {
    command,
    filter: (values.filter ?? "").toLowerCase().split(/\s+/).filter(Boolean),
    threads: parseThreads(values.threads),
    backends: values.backend === undefined ? undefined : parseBackends(values.backend),
    browser: values.browser ?? false,
    models,
    json: values.json,
    list: values.list ?? false,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parseThreads(text: string | undefined): number {
  if (text === undefined) return 1;
  const threads = Number(text);
  if (!/^\d+$/.test(text) || threads < 1 || threads > 64)
    throw new UsageError(`--threads: ${JSON.stringify(text)} is not an integer of 1 to 64`);
  return threads;
}

/** Reads "wasm,js". */
function parseBackends(text: string): BackendName[] {
  const names = text.split(",").map((name) => name.trim());
  const backends = names.map((name) => {
    const known = backendNames.find((backend) => backend === name);
    if (known === undefined)
      throw new UsageError(
        `--backend: ${JSON.stringify(name)} is no backend; use ${backendNames.join(", ")}`,
      );
    return known;
  });
  if (new Set(backends).size < backends.length) throw new UsageError(`--backend: ${text} names one twice`);
  return backends;
}

/** Whether a row is asked for. */
export function matches(
  filter: readonly string[],
  { op, scheme, shape }: { op: string; scheme: string; shape: string },
): boolean {
  const text = `${op} ${scheme} ${shape}`.toLowerCase();
  return filter.every((word) => text.includes(word));
}
