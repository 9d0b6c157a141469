/** `node scripts/node-tests.ts [PREFIX]`: runs ONNX's operator tests on backend-js and prints what fails and why. */
import { open } from "@bitbudget/backend-js";
import { findNodeTests, runNodeTests } from "../test/support/node-tests.ts";

const [prefix = ""] = process.argv.slice(2);
await using backend = await open();
const tests = findNodeTests()?.filter(({ name }) => name.replace(/^test_/, "").startsWith(prefix));
const { passed, failed, outOfScope } = await runNodeTests(tests ?? [], backend);
for (const [kind, list] of Object.entries({ "out of scope": outOfScope, failed }))
  for (const { name, reason } of list)
    console.log(`${kind}: ${name}: ${reason.split("\n").slice(0, 3).join(" ")}`);
console.log(`${passed.length} passed, ${failed.length} failed, ${outOfScope.length} out of scope`);
