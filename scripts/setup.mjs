// What every command needs first, on a machine that has Node 20 and npm and nothing else: the dependencies (with a
// current Node among them) and the built packages. Plain Node, no dependency: nothing is installed yet.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules", ".bin");

/** Environment in which `node` and every tool are those of the repository. */
export const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`,
  TURBO_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
  FORCE_COLOR: process.stdout.isTTY ? "1" : "0",
};

/** Runs a command in the repository, showing what it prints. Returns whether it succeeded. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: "inherit",
    shell: process.platform === "win32",
    ...options,
  });
  if (result.error !== undefined) console.error(`${command} could not be started: ${result.error.message}`);
  // What was not shown (stdio: "pipe") is of interest after all.
  if (result.status !== 0)
    process.stderr.write(Buffer.concat([result.stdout, result.stderr].filter(Boolean)));
  return result.status === 0;
}

/** Installs what the lockfile says, with the pnpm that package.json names. */
export function install() {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return run("npx", ["--yes", packageManager, "install", "--frozen-lockfile", "--reporter=append-only"], {
    // npx must run on the machine's own Node while the repository's one is being installed.
    env: { ...env, PATH: process.env.PATH ?? "" },
  });
}

/** A moment where nothing changed: turbo caches. */
export function build(options = {}) {
  return run("turbo", ["run", "build", "--output-logs=errors-only"], options);
}
