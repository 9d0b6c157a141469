/** The command line: commands as data become a program of commander; what it finds wrong is a UsageError. */
import { Command, CommanderError, Option } from "commander";
import type { CommandSpec, Context } from "./command.ts";
import { modelOption, readConfig } from "./config.ts";
import { UsageError } from "./errors.ts";
import { checkOption, flagOf, type OptionSpec, type OptionValue, Values } from "./options.ts";

const about = `Inspects, quantizes and evaluates ONNX models.

MODEL is a path, a URL, or hf:owner/name/path/of/model.onnx for a file on the Hugging Face Hub.`;

const notes = `
Examples:
  $ bitbudget inspect model.onnx
  $ bitbudget quantize model.onnx --preset int8-static --data photos --preprocessing preprocessing.json
  $ bitbudget eval model.int8-static.onnx --data photos --preprocessing preprocessing.json --against model.onnx

Every flag can stand in a JSON file (--config), at the top for all commands or in a section of one:
  { "preprocessing": "preprocessing.json", "quantize": { "model": "model.onnx", "preset": "w8" } }

Environment: NO_COLOR, XDG_CACHE_HOME, BITBUDGET_HF_URL (another address than https://huggingface.co).
Exit codes: 0 all is right, 1 something failed, 2 the command makes no sense, 130 ended by Ctrl-C.`;

/** Runs what the command line says. @throws UsageError; whatever a command throws */
export async function runProgram(
  argv: readonly string[],
  version: string,
  commands: readonly CommandSpec[],
  context: Context,
): Promise<void> {
  const program = new Command("bitbudget").description(about).version(version);
  program.addHelpText("after", notes).helpCommand(false);
  for (const spec of commands) program.addCommand(commandOf(spec, commands, context), { hidden: false });
  for (const each of [program, ...program.commands])
    each.exitOverride().configureOutput({
      writeOut: (text) => context.terminal.print(text.trimEnd()),
      writeErr: () => undefined,
    });
  if (argv.length === 0)
    throw new UsageError(`name a command\n\n${program.helpInformation().trimEnd()}\n${notes}`);
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    const name = commands.find((each) => each.name === argv[0])?.name;
    const message = error.message.replace(/^error: /, "");
    throw new UsageError(`${message}\nSee bitbudget ${name === undefined ? "" : `${name} `}--help.`);
  }
}

const configOption: OptionSpec = {
  name: "config",
  type: "path",
  placeholder: "FILE",
  help: "JSON file with options; flags come before it",
};

function commandOf(spec: CommandSpec, all: readonly CommandSpec[], context: Context): Command {
  const command = new Command(spec.name).summary(spec.summary).description(spec.summary);
  command.argument("[model]", modelOption.help).addHelpText("after", `\n${spec.notes.trim()}`);
  const options = [...spec.options, configOption];
  for (const option of options) command.addOption(commanderOption(option));
  command.action(async (model: string | undefined) => {
    const given = new Map<string, OptionValue>();
    for (const option of options)
      if (command.getOptionValueSource(option.name) === "cli")
        given.set(option.name, checkOption(option, command.getOptionValue(option.name), flagOf(option)));
    const config = new Values(given).text("config");
    const values =
      config === undefined ? given : new Map([...(await readConfig(config, spec, all)), ...given]);
    const source = model ?? new Values(values).text("model");
    if (source === undefined)
      throw new UsageError(
        `${spec.name} needs a model: bitbudget ${spec.name} model.onnx\nSee bitbudget ${spec.name} --help.`,
      );
    await spec.run(context, source, new Values(values));
  });
  return command;
}

function commanderOption(spec: OptionSpec): Option {
  const { type, placeholder, choices, help, negated } = spec;
  if (type === "boolean") return new Option(`--${negated ? "no-" : ""}${flagOf(spec).slice(2)}`, help);
  const value = placeholder ?? (choices !== undefined && type === "text" ? "NAME" : "VALUE");
  const listed = choices === undefined ? help : `${help}: ${choices.join(", ")}`;
  return new Option(`${flagOf(spec)} <${value}>`, listed);
}
