/** ONNX's own operator tests, all of them, on backend-js; and docs/support.md, which says how they go. */
import { open } from "@bitbudget/backend-js";
import { describe, expect, test } from "vitest";
import { findNodeTests, type NodeTestResults, runNodeTests } from "./support/node-tests.ts";
import { operatorLists, operatorsSection, readOperators } from "./support/operators-page.ts";

/** Share of the tests in scope that must pass. */
const SHARE = 0.97;
const UPDATE = "run `node packages/runtime/scripts/operators-page.ts`";

test("docs/support.md lists the operators", () => {
  expect(readOperators().includes(operatorLists()), UPDATE).toBe(true);
});

const tests = findNodeTests();

describe.runIf(tests !== undefined)("ONNX's operator tests", () => {
  let results: NodeTestResults | undefined;

  test(`at least ${100 * SHARE}% of those in scope pass`, async () => {
    await using backend = await open();
    results = await runNodeTests(tests ?? [], backend);
    const { passed, failed, outOfScope } = results;
    const inScope = passed.length + failed.length;
    const failures = failed.map(({ name, reason }) => `${name}: ${reason}`).join("\n");
    console.log(
      `${passed.length} of ${inScope} tests pass, ${outOfScope.length} are out of scope\n${failures}`,
    );
    expect(inScope).toBeGreaterThan(1000);
    expect(passed.length / inScope, failures).toBeGreaterThanOrEqual(SHARE);
  }, 120_000);

  test("docs/support.md tells how they go", () => {
    expect(results).toBeDefined();
    if (results !== undefined) expect(readOperators(), UPDATE).toBe(operatorsSection(results));
  });
});
