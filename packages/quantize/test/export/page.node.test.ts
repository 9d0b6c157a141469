import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { targetsPage } from "../../scripts/targets.ts";

test("docs/targets.md is what the tables say", () => {
  const page = readFileSync(new URL("../../../../docs/targets.md", import.meta.url), "utf8");
  expect(targetsPage(), "run `node packages/quantize/scripts/targets.ts`").toBe(page);
});
