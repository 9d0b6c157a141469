/**
 * The whole suite as vitest tests, for the package of any backend:
 *
 *     import { describeBackend } from "@bitbudget/conformance/vitest";
 *     import { open } from "../src/index.ts";
 *
 *     describeBackend("mine", open);
 */
import type { Backend } from "@bitbudget/backend";
import { afterAll, describe, expect, test } from "vitest";
import type { Case } from "./case.ts";
import { cases } from "./cases/index.ts";
import { contractChecks } from "./contract/index.ts";
import { describeFailures } from "./report.ts";
import { runCase } from "./run-case.ts";

export interface DescribeOptions {
  /** Module that exports `open`, for the command that reproduces a case. Default: the name. */
  readonly module?: string;
  /**
   * Cases that must not be refused: all of them, or those whose ids begin with one of these. Default: none. A refusal
   * that is allowed is a skipped test that carries its reason.
   */
  readonly mustSupport?: "everything" | readonly string[];
  /**
   * Names of the backends that must open. One that cannot and is not among them is skipped, with the reason. Default: the
   * environment variable REQUIRE_BACKENDS, a list with commas; without it, every backend must open.
   */
  readonly required?: readonly string[];
}

/** Registers tests that hold a backend to the contract: every case, and every promise that is no matter of numbers. */
export function describeBackend(
  name: string,
  open: () => Promise<Backend>,
  options: DescribeOptions = {},
): void {
  const { module = name, mustSupport = [], required = requiredBackends() } = options;
  // Opened while tests are collected: whether it opens decides which tests there are.
  describe(`conformance of ${name}`, async () => {
    const opened = await open().then(
      (backend) => ({ backend }),
      (error: unknown) => ({ error }),
    );
    if ("error" in opened) {
      const reason = `${name} does not open: ${opened.error}`;
      if (required === undefined || required.includes(name))
        test("opens", () => {
          throw new Error(`${reason}; leave it out of REQUIRE_BACKENDS where that is to be expected`, {
            cause: opened.error,
          });
        });
      else test("opens", ({ skip }) => skip(`${reason}; REQUIRE_BACKENDS does not ask for it`));
      return;
    }
    const { backend } = opened;
    afterAll(() => backend.dispose());

    describe("contract", () => {
      for (const check of contractChecks)
        test(check.name, async () => expect(await check.run(open)).toEqual([]));
    });

    describe("cases", () => {
      for (const testCase of cases)
        test(testCase.id, async ({ skip }) => {
          const result = await runCase(backend, testCase);
          if (result.status === "failed")
            throw new Error(describeFailures(testCase, result.failures, module));
          if (result.status === "passed") return;
          const message = `${name} refuses ${testCase.id}: ${result.reason}`;
          if (isRequired(testCase, mustSupport)) throw new Error(`${message}; mustSupport asks for it`);
          skip(message);
        });
    });
  });
}

function isRequired({ id }: Case, mustSupport: "everything" | readonly string[]): boolean {
  return mustSupport === "everything" || mustSupport.some((prefix) => id.startsWith(prefix));
}

function requiredBackends(): readonly string[] | undefined {
  const { process }: { readonly process?: { readonly env?: { readonly REQUIRE_BACKENDS?: string } } } =
    globalThis;
  return process?.env?.REQUIRE_BACKENDS?.split(",").map((name) => name.trim());
}
