/** `node scripts/operators-page.ts`: writes the section on ONNX operators in docs/support.md. */
import { writeFileSync } from "node:fs";
import { open } from "@bitbudget/backend-js";
import { findNodeTests, runNodeTests } from "../test/support/node-tests.ts";
import { supportPage, supportPagePath } from "../test/support/operators-page.ts";

const tests = findNodeTests();
if (tests !== undefined) {
  await using backend = await open();
  writeFileSync(supportPagePath, supportPage(await runNodeTests(tests, backend)));
}
