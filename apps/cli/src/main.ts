/** Runs the command line and resolves to its exit code. */
import type { CommandSpec } from "./command.ts";
import { evalCommand } from "./commands/eval.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { quantizeCommand } from "./commands/quantize.ts";
import { describeError, exitCodes, UsageError } from "./errors.ts";
import { runProgram } from "./program.ts";
import { type Stream, Terminal } from "./terminal/terminal.ts";

export const commands: readonly CommandSpec[] = [inspectCommand, quantizeCommand, evalCommand];

export interface MainOptions {
  readonly version: string;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

export async function main(argv: readonly string[], options: MainOptions): Promise<number> {
  const { env, signal } = options;
  const terminal = new Terminal(options.stdout, options.stderr, env);
  try {
    await runProgram(argv, options.version, commands, { terminal, env, signal });
    return exitCodes.ok;
  } catch (error) {
    if (signal.aborted) {
      terminal.note("Stopped; nothing was left half done.");
      return exitCodes.interrupted;
    }
    terminal.fail(describeError(error));
    if ((env.BITBUDGET_DEBUG ?? "") !== "" && error instanceof Error) terminal.note(error.stack ?? "");
    return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
  }
}
