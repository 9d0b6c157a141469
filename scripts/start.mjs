// `npm start`: sets up what is missing, then quantizes the network that ships with the project and prints what each preset costs.
import { join } from "node:path";
import { build, install, root, run } from "./setup.mjs";

const done = install() && build() && run("node", [join(root, "examples", "src", "quantize.ts")]);
process.exit(done ? 0 : 1);
