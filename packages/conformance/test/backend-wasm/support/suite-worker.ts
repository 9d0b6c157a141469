/** A worker that holds a backend of its own to the suite, and posts what it finds. */
import type { Backend } from "@bitbudget/backend";
import { type AllOptions, openWith } from "@bitbudget/backend-wasm/internal";
import { cases, contractChecks, describeFailures, runCase } from "../../../src/index.ts";

/** What the worker posts. */
export interface Findings {
  readonly key: string;
  readonly passed: number;
  readonly failures: readonly string[];
}

addEventListener("message", async ({ data }: MessageEvent<AllOptions>) => {
  const open = () => openWith(data);
  await using backend = await open();
  const failures: string[] = [];
  for (const check of contractChecks)
    for (const problem of await check.run(open)) failures.push(`${check.name}: ${problem}`);
  const passed = await runCases(backend, failures);
  const findings: Findings = { key: backend.device.key, passed, failures };
  postMessage(findings);
});

/** Count of the cases that passed. */
async function runCases(backend: Backend, failures: string[]): Promise<number> {
  let passed = 0;
  for (const testCase of cases) {
    const result = await runCase(backend, testCase);
    if (result.status === "failed") failures.push(describeFailures(testCase, result.failures, "wasm"));
    if (result.status === "passed") passed++;
  }
  return passed;
}
