/** Options as data: one row makes the flag, its help, the key of the configuration file and the row of its schema. */
import { UsageError } from "./errors.ts";

export interface OptionSpec {
  /** Key in a configuration file; the flag is the same with hyphens. */
  readonly name: string;
  /** A "path" of a configuration file is relative to that file. A list has commas between on the command line. */
  readonly type: "text" | "path" | "integer" | "boolean" | "list";
  /** Whether the flag is `--no-NAME`, and true the default. */
  readonly negated?: boolean;
  readonly placeholder?: string;
  readonly choices?: readonly string[];
  readonly minimum?: number;
  readonly help: string;
}

export type OptionValue = string | number | boolean | readonly string[];

export function flagOf({ name }: Pick<OptionSpec, "name">): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The value of an option, checked. @param where it was said, for errors @throws UsageError */
export function checkOption(spec: OptionSpec, given: unknown, where: string): OptionValue {
  const { type, choices, minimum = 0 } = spec;
  const among = (value: string): string => {
    if (choices !== undefined && !choices.includes(value))
      throw new UsageError(`${where}: ${JSON.stringify(value)} is none of ${choices.join(", ")}`);
    return value;
  };
  if (type === "boolean") {
    if (typeof given === "boolean") return given;
    throw new UsageError(`${where} must be true or false, not ${JSON.stringify(given)}`);
  }
  if (type === "integer") {
    const number = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given;
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= minimum) return number;
    throw new UsageError(`${where} must be an integer from ${minimum} on, not ${JSON.stringify(given)}`);
  }
  if (type === "list") {
    const parts: unknown = typeof given === "string" ? given.split(",").map((part) => part.trim()) : given;
    if (Array.isArray(parts) && parts.every((part) => typeof part === "string" && part !== ""))
      return parts.map((part: string) => among(part));
    throw new UsageError(`${where} must be a list of names, not ${JSON.stringify(given)}`);
  }
  if (typeof given === "string" && given !== "") return among(given);
  throw new UsageError(`${where} must be a text, not ${JSON.stringify(given)}`);
}

/** What was said, by flags or a configuration file, in the types that commands ask for. */
export class Values {
  readonly #values: ReadonlyMap<string, OptionValue>;
  constructor(values: ReadonlyMap<string, OptionValue>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === "string" ? value : undefined;
  }

  integer(name: string): number | undefined {
    const value = this.#values.get(name);
    return typeof value === "number" ? value : undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.#values.get(name);
    return typeof value === "boolean" ? value : undefined;
  }

  list(name: string): readonly string[] | undefined {
    const value = this.#values.get(name);
    return typeof value === "object" ? value : undefined;
  }
}
