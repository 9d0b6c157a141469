/** What describeBackend makes of backends that do not open, refuse, or compute something else: vitest run on a fixture. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";

const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
let lines: string[] = [];
let exitCode: number | string | null | undefined = 0;

beforeAll(async () => {
  const env = { ...process.env, REQUIRE_BACKENDS: "missing,planted", NO_COLOR: "1", FORCE_COLOR: "0" };
  const args = [vitest, "run", "--root", fixtures, "--reporter=verbose"];
  lines = await new Promise((resolve) => {
    execFile(process.execPath, args, { env, maxBuffer: 2 ** 26 }, (error, stdout) => {
      exitCode = error?.code;
      resolve(stdout.split("\n").map((line) => line.trim()));
    });
  });
}, 60_000);

/** The line about a test and the one below it, from the list of all tests. */
function lineOf(name: string): string {
  const at = lines.findIndex((line) => / > /.test(line) && line.includes(`conformance of ${name}`));
  return at === -1 ? "" : `${lines[at]} ${lines[at + 1]}`;
}

describe("describeBackend", () => {
  test("fails where something fails", () => expect(exitCode).toBe(1));

  test("fails for a backend that must open and does not", () => {
    expect(lineOf("missing > opens")).toMatch(/^×.*missing does not open: Error: no adapter/);
  });

  test("skips one that need not open, and says why", () => {
    expect(lineOf("absent > opens")).toMatch(
      /^↓.*\[absent does not open: Error: no adapter; REQUIRE_BACKENDS does not ask for it\]/,
    );
  });

  test("skips what a backend refuses, and says why", () => {
    expect(lineOf("planted > cases > softmax/plain/float32/by-hand")).toMatch(
      /^↓.*\[planted refuses softmax\/plain\/float32\/by-hand: it has no kernel for this op\]/,
    );
    expect(lineOf("planted > cases > requantize/uint8-uint8/scalar-tensor")).toMatch(
      /^↓.*scalars are too small for it\]/,
    );
  });

  test("fails for a refusal of what it must support", () => {
    expect(lineOf("planted > cases > requantize/uint8-int8/scalar-tensor")).toMatch(
      /^×.*scalars are too small for it; mustSupport asks for it/,
    );
  });

  test("fails for a wrong element, names it and says how to see it again", () => {
    expect(lineOf("planted > cases > requantize/ties/int32-int8")).toMatch(
      /^×.*requantize\/ties\/int32-int8: 1 failure/,
    );
    expect(lines).toContain(
      "output 0 at index 1 [1] is 1 (0x01) instead of 2 (0x02), off by 1 where 0 is allowed; 1 of 6 elements differ",
    );
    expect(lines).toContain(
      "reproduce: npx bitbudget-conformance check ./planted.js --case requantize/ties/int32-int8 --verbose",
    );
  });

  test("passes what is right, and checks the contract", () => {
    expect(lineOf("planted > cases > requantize/saturation")).toMatch(/^✓/);
    expect(lineOf("planted > contract > views look at the same memory")).toMatch(/^✓/);
    expect(lines.filter((line) => line.startsWith("×"))).toHaveLength(3);
  });
});
