// `npm test`: sets up what is missing, then checks everything there is to check. Ends with "N passed, M failed".
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromiumPath, installChromium } from "./chromium.mjs";
import { build, install, root, run } from "./setup.mjs";

const reportDir = mkdtempSync(join(tmpdir(), "bitbudget-"));
const report = join(reportDir, "vitest.json");
/** Those that are published. */
const packages = readdirSync(join(root, "packages")).filter(
  (name) => !JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).private,
);

const steps = [
  ["chromium", () => chromiumPath() !== "" || installChromium()],
  ["lint", () => run("biome", ["check", "--error-on-warnings"])],
  ["build", build],
  ["types", () => run("turbo", ["run", "types", "--output-logs=errors-only"])],
  ["arrows", () => run("turbo", ["boundaries"])],
  ["packages", () => packages.every(checkPackage)],
  ["size", () => run("size-limit", ["--silent"])],
  [
    "tests",
    () => run("vitest", ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`]),
  ],
];

function checkPackage(name) {
  const folder = join("packages", name);
  return (
    run("publint", ["--strict", folder]) &&
    run("attw", ["--pack", folder, "--profile", "esm-only", "--quiet"])
  );
}

/** Tests as vitest counted them; none where it never came so far. */
function countTests() {
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, "utf8"));
    return { passed: numPassedTests, failed: numFailedTests > 0 ? numFailedTests : numFailedTestSuites };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

if (!install()) {
  console.error(
    "The dependencies could not be installed; see the message above. Node 20 or newer and npm are needed.",
  );
  process.exit(1);
}

const failed = [];
const began = performance.now();
for (const [name, step] of steps) {
  const start = performance.now();
  console.log(`\n== ${name}`);
  const passed = step();
  if (!passed) failed.push(name);
  console.log(
    `== ${name} ${passed ? "passed" : "FAILED"} (${((performance.now() - start) / 1000).toFixed(1)} s)`,
  );
}

const tests = countTests();
rmSync(reportDir, { recursive: true });
if (failed.length > 0) console.log(`\nFailed: ${failed.join(", ")}`);
console.log(
  `\nAll of it took ${((performance.now() - began) / 1000).toFixed(0)} s: ${steps.length} steps, the last of them vitest.`,
);
const checks = steps.length - 1;
const failedChecks = failed.filter((name) => name !== "tests").length;
const failedTests = tests.failed > 0 || !failed.includes("tests") ? tests.failed : 1;
console.log(`${tests.passed + checks - failedChecks} passed, ${failedTests + failedChecks} failed`);
process.exit(failed.length === 0 ? 0 : 1);
