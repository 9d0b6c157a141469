/** The part of the README that lists the operators a model can be trained through. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gradients } from "../../src/gradients/index.ts";
import { operators } from "../../src/operators/index.ts";

export const readmePath = fileURLToPath(new URL("../../README.md", import.meta.url));

const START = "<!-- gradients: written by `node packages/train/scripts/readme.ts` -->";
const END = "<!-- end of gradients -->";

/** Names with their domain, as in `com.microsoft.FastGelu`. */
export function trainableOperators(): string[] {
  return [...new Set([...Object.keys(gradients), ...Object.keys(operators)])].sort();
}

/** The README as it should be. */
export function expectedReadme(): string {
  const page = readFileSync(readmePath, "utf8");
  const [from, to] = [page.indexOf(START), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${readmePath} has no place for the list of operators`);
  return `${page.slice(0, from)}${START}\n\n${list()}\n${page.slice(to)}`;
}

function list(): string {
  const names = trainableOperators();
  const prefix = "com.microsoft.";
  const domains = {
    "ai.onnx": names.filter((name) => !name.includes(".")),
    "com.microsoft": names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
  };
  return Object.entries(domains)
    .map(([domain, members]) => `**${domain}** (${members.length}): ${members.join(", ")}\n`)
    .join("\n");
}
