// `npm start`: sets up what is missing, then quantizes a tensor to every format and prints what each costs.
import { join } from "node:path";
import { build, install, root, run } from "./setup.mjs";

const done = install() && build() && run("node", [join(root, "examples", "src", "formats.ts")]);
process.exit(done ? 0 : 1);
