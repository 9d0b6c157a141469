/** `node scripts/node-tests.ts [PREFIX]`: runs ONNX's operator tests on backend-js and prints what fails and why. */
import { open } from "@bitbudget/backend-js";
import { findNodeTests, runNodeTest } from "../test/support/node-tests.ts";

const [prefix = ""] = process.argv.slice(2);
await using backend = await open();
const counts = { passed: 0, failed: 0, "out of scope": 0 };
for (const test of findNodeTests() ?? []) {
  if (!test.name.replace(/^test_/, "").startsWith(prefix)) continue;
  const outcome = await runNodeTest(test, backend);
  counts[outcome.kind]++;
  if (outcome.kind !== "passed")
    console.log(`${outcome.kind}: ${test.name}: ${outcome.reason.split("\n").slice(0, 3).join(" ")}`);
}
console.log(counts);
