/** The command `all`: everything, each part in a process of its own, since pools of threads cannot change within one. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AllArguments } from "../arguments.ts";
import { writeReport } from "./report.ts";

/** File names, and the commands that write them. */
const parts: readonly (readonly [string, ...string[]])[] = [
  ["kernels", "kernels"],
  ["kernels-threads", "kernels", "--threads", "2"],
  ["kernels-browser", "kernels", "--browser"],
  ["models", "models"],
  ["train", "train"],
  ["train-threads", "train", "--threads", "2"],
  ["first", "first"],
];

/** Runs all parts, writes the report, and says where everything is; resolves to the largest exit code. */
export async function benchAll({ out, models }: AllArguments, say: (text: string) => void): Promise<number> {
  await mkdir(out, { recursive: true });
  const files: string[] = [];
  let worst = 0;
  for (const [name, ...command] of parts) {
    const json = join(out, `${name}.json`);
    await rm(json, { force: true });
    const folder = command[0] === "models" ? ["--models", models] : [];
    say(`\n== ${command.join(" ")}`);
    worst = Math.max(worst, await run([...command, ...folder, "--json", json]));
    if (existsSync(json)) files.push(json);
  }
  const page = join(out, "report.html");
  await writeReport({ command: "report", files, out: page });
  say(
    `\nThe report is in ${page}. For the documentation:\n  npm run bench -- report ${files.join(" ")} --out docs/performance.md`,
  );
  return worst;
}

function run(argv: readonly string[]): Promise<number> {
  const script = fileURLToPath(new URL("../cli.js", import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...argv], { stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
