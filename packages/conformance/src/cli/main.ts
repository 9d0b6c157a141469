/** Reads the arguments of `bitbudget-conformance` and runs a command. Exit codes: 0 right, 1 failures, 2 usage. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { cases } from "../cases/index.ts";
import { timeCases } from "../timing.ts";
import { check } from "./check.ts";
import { loadOpen, UsageError } from "./load.ts";
import { support, time } from "./tables.ts";

export interface Output {
  out(text: string): void;
  error(text: string): void;
}

const help = `Holds a backend to the bitbudget contract.

  bitbudget-conformance check   <module> [--case ID] [--verbose] [--json]
  bitbudget-conformance support <module>... [--write FILE]
  bitbudget-conformance time    <module> [--case ID] [--samples N] [--json]

<module> is a path such as ./dist/index.js or an installed package. It exports open(): Promise<Backend>.

check    Runs ${cases.length} cases and the promises that are no matter of numbers, and says what is wrong: where, the bits, how
         far off, and the command that shows it again. What a backend refuses, with its reason, is no failure.
support  Prints a table of what the backends run, natively or decoded; with --write into a file.
time     Prints the median of ${timeCases.length} larger specs. A clock that is too coarse is said to be so.

  --case ID     The case of that id, or all whose ids begin with it: linear/static, conv2d/float/by-hand
  --verbose     Prints the spec and all tensors of each case; only with --case
  --samples N   Samples of each time, 10 unless given
  --json        Prints JSON instead of text

Examples
  bitbudget-conformance check @bitbudget/backend-js
  bitbudget-conformance check ./dist/index.js --case linear/static --verbose
  bitbudget-conformance time ./dist/index.js --case time/conv2d

Exit codes: 0 where all is right, 1 where the backend fails, 2 where the command makes no sense.`;

const options = {
  case: { type: "string" },
  samples: { type: "string" },
  write: { type: "string" },
  verbose: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Runs a command; resolves to its exit code. */
export async function main(argv: readonly string[], output: Output): Promise<number> {
  try {
    return await run(argv, output);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    output.error(`${error.message}\nSee bitbudget-conformance --help.`);
    return 2;
  }
}

async function run(argv: readonly string[], output: Output): Promise<number> {
  const { values, positionals } = parse(argv);
  const [command, ...modules] = positionals;
  if (values.help === true || command === undefined) {
    output.out(help);
    return command === undefined && values.help !== true ? 2 : 0;
  }
  const [module, ...others] = modules;
  if (!["check", "support", "time"].includes(command))
    throw new UsageError(`${command} is no command; use check, support or time`);
  if (module === undefined)
    throw new UsageError(`${command} needs a module, such as ./dist/index.js or @bitbudget/backend-js`);
  if (command !== "support" && others.length > 0)
    throw new UsageError(`${command} takes one module, not ${modules.length}`);

  switch (command) {
    case "check": {
      if (values.verbose === true && values.case === undefined)
        throw new UsageError("--verbose prints all tensors: add --case ID to say of which cases");
      const selected = select(cases, values.case);
      return check(await loadOpen(module), module, selected, {
        output,
        contract: values.case === undefined,
        verbose: values.verbose === true,
        json: values.json === true,
      });
    }
    case "support": {
      const matrix = await support(await Promise.all(modules.map((name) => loadOpen(name))));
      if (values.write === undefined) output.out(matrix.trimEnd());
      else writeFileSync(values.write, matrix + restOfPage(values.write));
      return 0;
    }
    default: {
      const samples = Number(values.samples ?? 10);
      if (!(Number.isInteger(samples) && samples > 0))
        throw new UsageError(`--samples must be a positive integer, not ${values.samples}`);
      const selected = select(timeCases, values.case);
      return time(await loadOpen(module), selected, { samples, json: values.json === true, output });
    }
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The case of that id, or those whose ids begin with it. */
function select<C extends { readonly id: string }>(from: readonly C[], id = ""): readonly C[] {
  const exact = from.filter((entry) => entry.id === id);
  const selected = exact.length > 0 ? exact : from.filter((entry) => entry.id.startsWith(id));
  if (selected.length > 0) return selected;
  throw new UsageError(`no case begins with ${id}; ids look like ${from[0]?.id}`);
}

/** What a page holds after the matrix, from a comment that begins with "What follows" on: others write that. */
function restOfPage(path: string): string {
  const page = existsSync(path) ? readFileSync(path, "utf8") : "";
  const start = page.indexOf("<!-- What follows");
  return start < 0 ? "" : `\n${page.slice(start)}`;
}
