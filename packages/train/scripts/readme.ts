/** `node packages/train/scripts/readme.ts`: writes the list of operators in the README. */
import { writeFileSync } from "node:fs";
import { expectedReadme, readmePath } from "../test/support/operator-list.ts";

writeFileSync(readmePath, expectedReadme());
