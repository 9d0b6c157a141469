import { inferShapes } from "@bitbudget/onnx";
import { expect, test } from "vitest";
import { captureGroups } from "../../src/calibration/capture.ts";
import { network } from "./models.ts";

const names = ["x", "c", "r", "p", "f", "y"];

test("values that fit into the memory together are captured in one run, neighbours first", () => {
  const { types } = inferShapes(network(), { inputs: { x: [2, 2, 6, 6] } });
  // Bytes: x 576; c and r 1152 each; p and f 32; y 24.
  const groups = (memory: number) => captureGroups(names, memory, types);
  expect(groups(2968)).toEqual([names]);
  expect(groups(2967)).toEqual([["x", "c", "r", "p", "f"], ["y"]]);
  expect(groups(1800)).toEqual([
    ["x", "c"],
    ["r", "p", "f", "y"],
  ]);
  expect(groups(1)).toEqual(names.map((name) => [name]));
});

test("a size that is not known counts as the largest that is", () => {
  const { types } = inferShapes(network(), { inputs: { x: [2, 2, 6, 6] } });
  const some = new Map([...types].filter(([name]) => name !== "c"));
  expect(captureGroups(names, 2967, some)).toEqual([["x", "c", "r", "p", "f"], ["y"]]);
  expect(captureGroups(["c", "y"], 1, new Map())).toEqual([["c", "y"]]);
});
