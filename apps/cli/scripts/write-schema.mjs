// Writes the JSON schema of configuration files beside the built command.
import { writeFileSync } from "node:fs";
import { configSchema } from "../dist/config.js";
import { commands } from "../dist/main.js";

const path = new URL("../dist/config.schema.json", import.meta.url);
writeFileSync(path, `${JSON.stringify(configSchema(commands), undefined, 2)}\n`);
