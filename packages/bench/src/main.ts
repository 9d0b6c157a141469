/** Runs a command; resolves to its exit code. */
import { existsSync } from "node:fs";
import { type Arguments, help, matches, parseArguments, type RunArguments } from "./arguments.ts";
import { BenchFileError, UsageError } from "./errors.ts";
import { kernelCases } from "./kernels/index.ts";
import { measureLimits } from "./limits.ts";
import { benchAll } from "./node/all.ts";
import { benchBrowser } from "./node/browser.ts";
import { busyWarning } from "./node/environment.ts";
import { writeRows } from "./node/files.ts";
import { benchFirst, firstWork } from "./node/first.ts";
import { benchKernels, type Results } from "./node/kernels.ts";
import { modelCases } from "./node/model-files.ts";
import { benchModels } from "./node/models.ts";
import { writeReport } from "./node/report.ts";
import { benchTrain } from "./node/train.ts";
import { isError, type Row } from "./row.ts";
import { tableOf } from "./table.ts";
import { trainCases } from "./train/networks.ts";

export interface Output {
  out(text: string): void;
  error(text: string): void;
}

export async function main(argv: readonly string[], output: Output): Promise<number> {
  try {
    return await command(parseArguments(argv), output);
  } catch (error) {
    if (error instanceof UsageError) output.error(`${error.message}\nSee npm run bench -- --help.`);
    else if (error instanceof BenchFileError) output.error(error.message);
    else throw error;
    return 2;
  }
}

async function command(args: Arguments, output: Output): Promise<number> {
  switch (args.command) {
    case "help":
      output.out(help);
      return 0;
    case "kernels":
      return rows(args, output, kernelCases, benchKernels);
    case "models": {
      if (!existsSync(args.models))
        output.out(`No folder ${args.models} with real models (--models): generated ones alone are timed.`);
      return rows(args, output, await modelCases(args.models), benchModels);
    }
    case "limits": {
      warnWhereBusy(output);
      const { maddGmacs, dotGmacs, readSmallGBs, readLargeGBs } = await measureLimits();
      output.out(
        `float32 multiply-adds in registers  ${maddGmacs.toFixed(1)} GMAC/s\n` +
          `8-bit multiply-adds in registers    ${dotGmacs.toFixed(1)} GMAC/s\n` +
          `memory read, 4 MB over and over     ${readSmallGBs.toFixed(1)} GB/s\n` +
          `memory read, 64 MB                  ${readLargeGBs.toFixed(1)} GB/s`,
      );
      return 0;
    }
    case "all":
      return benchAll(args, output.out);
    case "report":
      await writeReport(args);
      output.out(`The report is in ${args.out}.`);
      return 0;
    case "train":
      return rows(args, output, trainCases, benchTrain);
    case "first":
      return rows(args, output, [firstWork], benchFirst);
  }
}

type Bench = (args: RunArguments, onRow: (row: Row) => void) => Promise<Results>;

async function rows(
  args: RunArguments,
  output: Output,
  works: readonly Pick<Row, "op" | "scheme" | "shape">[],
  bench: Bench,
): Promise<number> {
  const selected = works.filter((work) => matches(args.filter, work));
  if (selected.length === 0)
    throw new UsageError(`--filter: no row contains ${args.filter.join(" and ")}; --list prints them all`);
  const table = tableOf(selected);
  if (args.list) {
    for (const { op, scheme, shape } of selected) output.out(`${op}, ${scheme}, ${shape}`);
    return 0;
  }
  warnWhereBusy(output);
  output.out(table.header);
  const { environment, rows } = await (args.browser ? benchBrowser : bench)(args, (row) =>
    output.out(table.line(row)),
  );
  output.out(
    `\n${environment.engine}, ${environment.processor}, ${args.threads} thread${args.threads > 1 ? "s" : ""}\n${environment.device}`,
  );
  if (args.json !== undefined) await writeRows(args.json, args.command, environment, rows);
  const errors = rows.filter(isError).length;
  if (errors > 0)
    output.error(`${errors} of ${rows.length} rows are errors: we failed, or a rival disagrees.`);
  return errors > 0 ? 1 : 0;
}

function warnWhereBusy(output: Output): void {
  const warning = busyWarning();
  if (warning !== undefined) output.error(warning);
}
