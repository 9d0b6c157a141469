/** One node, run here and by onnxruntime. */
import { valuesOf } from "@bitbudget/core";
import { expect } from "vitest";
import { type OneNode, oneNode, runOneNode } from "./one-node.ts";
import { Onnxruntime } from "./onnxruntime.ts";

/**
 * Every output has onnxruntime's format and shape, and no element is further away than `tolerance`.
 * @param other what onnxruntime runs in place of the node
 */
export async function expectLikeOnnxruntime(node: OneNode, tolerance: number, other = node): Promise<void> {
  const { model, feeds } = oneNode(other);
  await using reference = await Onnxruntime.open(model);
  const [actual, expected] = [await runOneNode(node), await reference.run(feeds)];
  expect(Object.keys(expected).length).toBe(node.outputs.filter((dtype) => dtype !== undefined).length);
  for (const [name, wanted] of Object.entries(expected)) {
    const given = actual[name];
    expect([given?.dtype, given?.shape], name).toEqual([wanted.dtype, wanted.shape]);
    const [values, wantedValues] = [given === undefined ? [] : valuesOf(given), valuesOf(wanted)];
    expect(Math.max(...wantedValues.map(Math.abs)), `${name} is worth comparing`).toBeGreaterThan(0.1);
    for (const [i, value] of wantedValues.entries())
      expect(Math.abs((values[i] ?? Number.NaN) - value), `${name} at ${i}`).toBeLessThan(tolerance);
  }
}
