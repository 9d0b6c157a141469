/** `node scripts/operators-page.ts`: writes docs/operators.md. */
import { writeFileSync } from "node:fs";
import { open } from "@bitbudget/backend-js";
import { findNodeTests, runNodeTests } from "../test/support/node-tests.ts";
import { operatorsPage, operatorsPagePath } from "../test/support/operators-page.ts";

const tests = findNodeTests();
if (tests !== undefined) {
  await using backend = await open();
  writeFileSync(operatorsPagePath, operatorsPage(await runNodeTests(tests, backend)));
}
