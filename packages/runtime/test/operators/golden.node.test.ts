/**
 * What onnxruntime answered to models of one operator: products and codes are equal bit for bit, whether scales and
 * weights are constants of the model, for which there are kernels, or come with the run.
 */
import { dtypes, type HostTensor, valuesOf } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { type GoldenFile, type GoldenNode, goldenNodes } from "../support/golden.ts";
import { runOneNode } from "../support/one-node.ts";

/** Every so manyth case runs with all inputs fed, too. */
const FED = 4;

/** Relative to the largest number of the result: sums in another order. */
const FLOAT = 1e-6;

/** Of NaN onnxruntime makes the lowest code, we the zero point; dynamically it is 0 in either case. */
const departs = ({ op, name }: GoldenNode) =>
  (op === "QuantizeLinear" && /\bnan\b|scale zero/.test(name)) ||
  (op === "DynamicQuantizeLinear" && /\bnan\b/.test(name));

function firstDifference(actual: HostTensor | undefined, expected: HostTensor): string {
  if (actual?.dtype !== expected.dtype || actual.shape.join() !== expected.shape.join())
    return `${actual?.dtype} [${actual?.shape}] instead of ${expected.dtype} [${expected.shape}]`;
  const [got, wanted] = [valuesOf(actual), valuesOf(expected)];
  const finite = wanted.filter(Number.isFinite).map(Math.abs);
  const allowed = dtypes[expected.dtype].kind === "float" ? FLOAT * Math.max(0, ...finite) : 0;
  const at = wanted.findIndex(
    (value, i) => !Object.is(got[i], value) && !(Math.abs(got[i]! - value) <= allowed),
  );
  return at < 0 ? "" : `${got[at]} instead of ${wanted[at]} at ${at}`;
}

const families: readonly (readonly [GoldenFile, RegExp])[] = [
  ["quantize", /./],
  ["qlinear", /./],
  ["conv", /./],
  ["nbits", /./],
  ["float", /^(Conv|Gemm|Softmax|.*Normalization|.*Pool|Gelu|Erf|HardSwish|Round|Mod|Pow)$/],
];

describe.each(families)("%s", (file, operators) => {
  const nodes = goldenNodes(file).filter((node) => operators.test(node.op) && !departs(node));
  const names = [...new Set(nodes.map(({ op }) => op))];
  test.each(names)("%s", async (op) => {
    const differences: string[] = [];
    for (const [i, { name, node, outputs }] of nodes.filter((each) => each.op === op).entries())
      for (const constants of [node.constants ?? [], ...(i % FED === 0 ? [[]] : [])]) {
        const results = await runOneNode({ ...node, constants });
        const where = `${name}, ${constants.length} constants: `;
        const found = outputs
          .map((expected, i) => firstDifference(results[`y${i}`], expected))
          .filter((d) => d !== "");
        differences.push(...found.map((difference) => where + difference));
      }
    expect(differences).toEqual([]);
  });
});
