/** docs/support.md is what the backends answer today. */
import { readFileSync } from "node:fs";
import { open as openJs } from "@bitbudget/backend-js";
import { open as openWasm } from "@bitbudget/backend-wasm";
import { supportMatrix } from "@bitbudget/conformance";
import { expect, test } from "vitest";

test("docs/support.md is up to date; if not, run pnpm -F @bitbudget/examples support", async () => {
  const written = readFileSync(new URL("../../docs/support.md", import.meta.url), "utf8");
  await using js = await openJs();
  await using wasm = await openWasm();
  // Behind the matrix stand the ONNX operators, which the runtime's tests compare.
  const [matrix = ""] = written.split("\n<!-- What follows");
  expect(matrix === supportMatrix([js, wasm])).toBe(true);
});
