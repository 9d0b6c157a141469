/** What `npm run example:train` takes. */
import { parseArgs } from "node:util";
import { ArgumentError } from "@bitbudget/core";

const all = ["data", "shapes", "language"] as const;
type Part = (typeof all)[number];

export interface TrainingArguments {
  readonly parts: readonly Part[];
  readonly steps?: number;
  readonly seed?: number;
  readonly out?: string;
}

export const help = `Makes the test sets and trains the models that ship with the project, and writes them in their places.

  npm run example:train -- [data] [shapes] [language] [options]

  data       the test sets
  shapes     the network for the images, a few minutes
  language   the transformer for the text, a few minutes
             (all three unless some are named)

  --steps n  make n steps instead of those of the recipe
  --seed n   start from another seed (0)
  --out dir  write into this folder instead`;

/** @throws ArgumentError for a part or a number that makes no sense, TypeError for an option that there is none of */
export function parseArguments(list: readonly string[]): TrainingArguments {
  const { values, positionals } = parseArgs({
    args: [...list],
    allowPositionals: true,
    options: { steps: { type: "string" }, seed: { type: "string" }, out: { type: "string" } },
  });
  const parts = positionals.map(part);
  return {
    parts: parts.length > 0 ? parts : all,
    ...(values.steps !== undefined && { steps: whole("steps", values.steps, 1) }),
    ...(values.seed !== undefined && { seed: whole("seed", values.seed, 0) }),
    ...(values.out !== undefined && { out: values.out }),
  };
}

function part(name: string): Part {
  const known = all.find((each) => each === name);
  if (known === undefined) throw new ArgumentError(`"${name}" is none of ${all.join(", ")}`);
  return known;
}

function whole(option: string, text: string, least: number): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(number) || number < least)
    throw new ArgumentError(`--${option} must be a whole number of at least ${least}, not "${text}"`);
  return number;
}
