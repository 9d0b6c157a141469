// `npm run example:train`: sets up what is missing, builds what changed, then trains the models that ship with the project.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build, env, install, root } from "./setup.mjs";

const script = join(root, "packages", "zoo", "dist", "node", "train.js");
const ready = existsSync(script) ? build({ stdio: "pipe" }) : install() && build();
if (!ready) process.exit(1);
const { status } = spawnSync("node", [script, ...process.argv.slice(2)], {
  cwd: root,
  env,
  stdio: "inherit",
});
process.exit(status ?? 1);
