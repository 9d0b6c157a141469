/** The support matrix. */
import { type Backend, createBackend, type KernelTable } from "@bitbudget/backend";
import { hostDevice, kernels, open } from "@bitbudget/backend-js";
import type { Storage } from "@bitbudget/core";
import { expect, test } from "vitest";
import { supportMatrix } from "../src/index.ts";

test("says native, decoded, not all with the reason, and no", async () => {
  const { softmax, linear } = kernels;
  const table: KernelTable<undefined, Storage> = {
    ...(softmax === undefined
      ? {}
      : {
          softmax: {
            ...softmax,
            refuse: ({ attributes }) => (attributes.log ? "it has no logarithm" : undefined),
          },
        }),
    ...(linear === undefined
      ? {}
      : {
          linear: {
            ...linear,
            rows: linear.rows.filter(({ output }) => output === "float32" || output === "int32"),
          },
        }),
  };
  const other: Backend = createBackend({
    name: "other",
    device: hostDevice(),
    context: undefined,
    kernels: table,
  });
  await using js = await open();
  const lines = supportMatrix([js, other]).split("\n");
  const cells = (line: string) => line.split("|").map((cell) => cell.trim());
  const row = (section: string, operands: string) => {
    const from = lines.indexOf(`## ${section}`);
    const at = lines.findIndex((line, i) => i > from && cells(line)[1] === operands);
    return cells(lines[at] ?? "").slice(2, 4);
  };
  const all = "float64, float32, float16, bfloat16";
  expect(row("linear", "operands")).toEqual(["js", "other"]);
  expect(row("linear", "float32 x float32")).toEqual([
    `native: ${all}`,
    "native: float32; no: float64, float16, bfloat16",
  ]);
  expect(row("linear", "float32 x int4 block")).toEqual([
    `decoded: ${all}`,
    "decoded: float32; no: float64, float16, bfloat16",
  ]);
  expect(row("softmax", "float32")).toEqual(["native: float32", "native: float32; not all: float32 (1)"]);
  expect(row("conv2d", "float32 x float32")).toEqual([`native: ${all}`, "no"]);
  expect(lines).toContain("1. it has no logarithm");
});
