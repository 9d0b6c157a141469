/** What a command is: options as data, and what it does. */
import type { OptionSpec, Values } from "./options.ts";
import type { Terminal } from "./terminal/terminal.ts";

export interface Context {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** Shown under the options by `--help`: examples above all. */
  readonly notes: string;
  readonly options: readonly OptionSpec[];
  /** @param model as it was written: a path, a URL or hf: */
  run(context: Context, model: string, values: Values): Promise<void>;
}

export const jsonOption: OptionSpec = {
  name: "json",
  type: "boolean",
  help: "Print the result as JSON on stdout",
};

export const cacheOption: OptionSpec = {
  name: "cache",
  type: "boolean",
  negated: true,
  help: "Download again what is in the cache",
};
