/** Resize and Upsample: which sizes and positions the nodes of each opset mean. The interpolation is the kernel's. */
import { type DType, type HostTensor, tensor } from "@bitbudget/core";
import { expect, test } from "vitest";
import { type OneNode, runOneNode } from "../support/one-node.ts";

const int64 = (...values: number[]) => tensor("int64", [values.length], values);
const scales = (...values: number[]) => tensor("float32", [values.length], values);
const line = (...values: number[]) => tensor("float32", [values.length], values);

async function resize(
  node: Omit<OneNode, "outputs" | "opType"> & { opType?: string },
): Promise<HostTensor | undefined> {
  const dtype: DType = node.inputs[0]?.dtype ?? "float32";
  return (await runOneNode({ opType: "Resize", ...node, outputs: [dtype] })).y0;
}

test("scales are an attribute, then input 1, then input 2", async () => {
  const x = line(1, 3);
  const doubled = line(1, 1, 3, 3);
  expect(
    await resize({ opType: "Upsample", opset: 7, inputs: [x], attributes: { scales: Float32Array.of(2) } }),
  ).toEqual(doubled);
  expect(await resize({ opType: "Upsample", opset: 9, inputs: [x, scales(2)] })).toEqual(doubled);
  expect(await resize({ opset: 10, inputs: [x, scales(2)] })).toEqual(doubled);
  expect(await resize({ opset: 11, inputs: [x, scales(), scales(2)] })).toEqual(doubled);
  expect(await resize({ opset: 13, inputs: [x, undefined, scales(2)] })).toEqual(doubled);
});

test("before opset 11 positions are counted from the edge, and since from the middle", async () => {
  const linear = { mode: "linear" };
  expect(await resize({ opset: 10, inputs: [line(0, 4), scales(2)], attributes: linear })).toEqual(
    line(0, 2, 4, 4),
  );
  expect(await resize({ inputs: [line(0, 4), undefined, scales(2)], attributes: linear })).toEqual(
    line(0, 1, 3, 4),
  );
  // Nearest took the element before.
  expect(await resize({ opset: 10, inputs: [line(0, 1, 2), scales(5 / 3)] })).toEqual(line(0, 0, 1, 1, 2));
});

test("sizes stand beside empty scales, for some axes, in proportion", async () => {
  const x = tensor("float32", [1, 2, 4]);
  const sizeOf = async (inputs: OneNode["inputs"], attributes: OneNode["attributes"] = {}) =>
    (await resize({ opset: 19, inputs: [x, ...inputs], attributes }))?.shape;
  expect(await sizeOf([scales(), scales(), int64(1, 4, 4)])).toEqual([1, 4, 4]);
  expect(await sizeOf([undefined, undefined, int64(3)], { axes: [-2n] })).toEqual([1, 3, 4]);
  const both = [undefined, undefined, int64(5, 6)];
  const axes = [2n, 1n];
  expect(await sizeOf(both, { axes, keep_aspect_ratio_policy: "not_larger" })).toEqual([1, 3, 5]);
  expect(await sizeOf(both, { axes, keep_aspect_ratio_policy: "not_smaller" })).toEqual([1, 6, 12]);
  await expect(sizeOf([undefined, undefined, int64(4, 4)])).rejects.toThrow(/3 numbers for its axes, not 2/);
});

test("a scale of 0.7 makes 7 of 10, although its float32 lies below", async () => {
  expect((await resize({ inputs: [tensor("float32", [10]), undefined, scales(0.7)] }))?.shape).toEqual([7]);
});

test("integers between integers go to the nearest", async () => {
  const inputs = [tensor("uint8", [2], [0, 255]), undefined, scales(2)];
  expect(await resize({ inputs, attributes: { mode: "linear" } })).toEqual(
    tensor("uint8", [4], [0, 64, 191, 255]),
  );
  // A cubic overshoots, and stops at the ends of the format: (w(0.75) + w(1.75)) * 255 is 57.8.
  expect(await resize({ inputs, attributes: { mode: "cubic" } })).toEqual(
    tensor("uint8", [4], [0, 58, 197, 255]),
  );
  const wide = [tensor("int64", [2], [-5n, 2n ** 40n]), undefined, scales(2)];
  expect(await resize({ inputs: wide })).toEqual(tensor("int64", [4], [-5n, -5n, 2n ** 40n, 2n ** 40n]));
});

test("outside of a crop stands the extrapolation value", async () => {
  const attributes = {
    coordinate_transformation_mode: "tf_crop_and_resize",
    mode: "linear",
    extrapolation_value: 9,
  };
  const inputs = [line(1, 2, 3), line(0.5, 1.5), undefined, int64(3)];
  expect(await resize({ inputs, attributes })).toEqual(line(2, 3, 9));
});

test.each([{ mode: "area" }, { nearest_mode: "up" }, { coordinate_transformation_mode: "middle" }])(
  "refuses %o",
  async (attributes) => {
    await expect(resize({ inputs: [line(1), undefined, scales(2)], attributes })).rejects.toThrow(/has no/);
  },
);
