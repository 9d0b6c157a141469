/** The configuration file: every flag as JSON. A key at the top holds for all commands that know it, one in a command's section for that one. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { CommandSpec } from "./command.ts";
import { UsageError } from "./errors.ts";
import { isAddress } from "./models/address.ts";
import { checkOption, type OptionSpec, type OptionValue } from "./options.ts";

/** The model, which has no flag. */
export const modelOption: OptionSpec = {
  name: "model",
  type: "path",
  help: "A path, a URL or hf:owner/name/file",
};

/** What a file says for one command. @throws UsageError that names the key */
export async function readConfig(
  path: string,
  command: CommandSpec,
  all: readonly CommandSpec[],
): Promise<Map<string, OptionValue>> {
  const json = await readJson(path, "--config");
  if (!isRecord(json)) throw new UsageError(`${path} must hold an object with options`);
  const folder = dirname(resolve(path));
  const values = new Map<string, OptionValue>();
  const everywhere = all.flatMap(({ options }) => options);
  for (const [key, value] of Object.entries(json)) {
    if (key === "$schema" || all.some(({ name }) => name === key)) continue;
    const option = find(key, [modelOption, ...everywhere], path);
    const checked = located(option, checkOption(option, value, `${path}, ${key}`), folder);
    if (option === modelOption || command.options.some(({ name }) => name === key)) values.set(key, checked);
  }
  for (const { name, options } of all) {
    const section = json[name];
    if (section === undefined) continue;
    if (!isRecord(section)) throw new UsageError(`${path}, ${name} must be an object with options`);
    for (const [key, value] of Object.entries(section)) {
      const option = find(key, [modelOption, ...options], `${path}, ${name}`);
      const checked = located(option, checkOption(option, value, `${path}, ${name}.${key}`), folder);
      if (name === command.name) values.set(key, checked);
    }
  }
  return values;
}

function find(key: string, options: readonly OptionSpec[], where: string): OptionSpec {
  const option = options.find(({ name }) => name === key);
  if (option !== undefined) return option;
  const names = [...new Set(options.map(({ name }) => name))].join(", ");
  throw new UsageError(`${where}: ${JSON.stringify(key)} is no option; there are ${names}`);
}

function located({ type }: OptionSpec, value: OptionValue, folder: string): OptionValue {
  return type === "path" && typeof value === "string" && !isAddress(value) ? resolve(folder, value) : value;
}

/** @param flag that named the file @throws UsageError */
export async function readJson(path: string, flag: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${flag}: ${path} cannot be read (${error.code}); check the path`);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${flag}: ${path} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON schema (2020-12) of the file. */
export function configSchema(commands: readonly CommandSpec[]): object {
  const section = (options: readonly OptionSpec[]) =>
    Object.fromEntries([modelOption, ...options].map((option) => [option.name, schemaOf(option)]));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of bitbudget",
    type: "object",
    properties: {
      $schema: { type: "string" },
      ...section(commands.flatMap(({ options }) => options)),
      ...Object.fromEntries(
        commands.map(({ name, summary, options }) => [
          name,
          { type: "object", description: summary, properties: section(options), additionalProperties: false },
        ]),
      ),
    },
    additionalProperties: false,
  };
}

function schemaOf({ type, choices, minimum, help }: OptionSpec): object {
  const text = { type: "string", ...(choices && { enum: choices }) };
  const description = help;
  if (type === "boolean") return { type, description };
  if (type === "integer") return { type, minimum: minimum ?? 0, description };
  if (type === "list") return { type: "array", items: text, description };
  return { ...text, description };
}
