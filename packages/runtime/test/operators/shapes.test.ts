/** Shapes and constants: what opset versions and odd arguments mean. */

import { open } from "@bitbudget/backend-js";
import { scalar, tensor } from "@bitbudget/core";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  create,
  SparseTensorProtoSchema,
  toTensorProto,
} from "@bitbudget/onnx";
import { expect, test } from "vitest";
import { createSession, NodeError } from "../../src/index.ts";
import { type OneNode, oneNode, runOneNode } from "../support/one-node.ts";

const int64 = (...values: number[]) => tensor("int64", [values.length], values);
const floats = (...shape: number[]) =>
  tensor(
    "float32",
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );

async function shapeOf(node: Omit<OneNode, "outputs">): Promise<readonly number[] | undefined> {
  return (await runOneNode({ outputs: ["float32"], ...node })).y0?.shape;
}

test.each([
  { shape: [2, 3, 4], to: [0, -1], result: [2, 12] },
  { shape: [2, 3, 4], to: [4, 0, 2], result: [4, 3, 2] },
  { shape: [], to: [1, -1, 1], result: [1, 1, 1] },
  { shape: [0, 3], to: [3, -1], result: [3, 0] },
  { shape: [0, 3], to: [3, 0], allowzero: 1n, result: [3, 0] },
])("Reshape $shape to $to", async ({ shape, to, allowzero = 0n, result }) => {
  const node = { opType: "Reshape", inputs: [floats(...shape), int64(...to)], attributes: { allowzero } };
  expect(await shapeOf(node)).toEqual(result);
  expect(await shapeOf({ ...node, constants: [1] })).toEqual(result);
});

test("Reshape refuses what does not fit, with the node's name", async () => {
  for (const to of [[5], [-1, 4], [-1, -1], [2, 2, 2, 0]]) {
    const run = runOneNode({ opType: "Reshape", inputs: [floats(2, 3), int64(...to)], outputs: ["float32"] });
    await expect(run, `${to}`).rejects.toThrow(NodeError);
    await expect(run).rejects.toMatchObject({ node: "node", opType: "Reshape" });
  }
});

test("axes are an attribute before opset 13 and an input since", async () => {
  const x = floats(1, 2, 1, 3, 1);
  expect(
    await shapeOf({ opType: "Squeeze", opset: 11, inputs: [x], attributes: { axes: [0n, -1n] } }),
  ).toEqual([2, 1, 3]);
  expect(await shapeOf({ opType: "Squeeze", inputs: [x, int64(-3)] })).toEqual([1, 2, 3, 1]);
  expect(await shapeOf({ opType: "Squeeze", inputs: [x] })).toEqual([2, 3]);
  const y = floats(2, 3);
  expect(
    await shapeOf({ opType: "Unsqueeze", opset: 7, inputs: [y], attributes: { axes: [1n, 3n] } }),
  ).toEqual([2, 1, 3, 1]);
  expect(await shapeOf({ opType: "Unsqueeze", inputs: [y, int64(-1, 0)] })).toEqual([1, 2, 3, 1]);
  await expect(shapeOf({ opType: "Squeeze", inputs: [x, int64(1)] })).rejects.toThrow(/axis 1 of length 2/);
  await expect(shapeOf({ opType: "Unsqueeze", inputs: [y, int64(0, -4)] })).rejects.toThrow(/twice/);
});

test("Flatten cuts anywhere, the end of the shape included", async () => {
  const at = (axis: bigint) =>
    shapeOf({ opType: "Flatten", inputs: [floats(2, 3, 4)], attributes: { axis } });
  expect(await Promise.all([0n, 1n, 3n, -1n].map(at))).toEqual([
    [1, 24],
    [2, 12],
    [24, 1],
    [6, 4],
  ]);
});

test("Shape takes a part, its bounds clamped", async () => {
  const part = async (attributes: Record<string, bigint>) => {
    const { y0 } = await runOneNode({
      opType: "Shape",
      inputs: [floats(2, 3, 4)],
      attributes,
      outputs: ["int64"],
    });
    return Array.from(y0?.data ?? [], Number);
  };
  expect(await part({})).toEqual([2, 3, 4]);
  expect(await part({ start: -2n })).toEqual([3, 4]);
  expect(await part({ start: -9n, end: -1n })).toEqual([2, 3]);
  expect(await part({ start: 2n, end: 1n })).toEqual([]);
});

async function constantOf(attributes: OneNode["attributes"], dtype: "float32" | "int64") {
  const node = { opType: "Constant", inputs: [], outputs: [dtype] };
  return (await runOneNode(attributes === undefined ? node : { ...node, attributes })).y0;
}

test("Constant has a form for each kind of number", async () => {
  expect(await constantOf({ value_float: 1.5 }, "float32")).toEqual(scalar("float32", 1.5));
  expect(await constantOf({ value_floats: Float32Array.of(1, 2) }, "float32")).toEqual(
    tensor("float32", [2], [1, 2]),
  );
  expect(await constantOf({ value_int: 2n ** 62n }, "int64")).toEqual(scalar("int64", 2n ** 62n));
  expect(await constantOf({ value_ints: [3n, -4n] }, "int64")).toEqual(tensor("int64", [2], [3, -4]));
  await expect(constantOf({ value_string: "text" }, "float32")).rejects.toThrow(/value_string/);
});

test.each([
  { form: "linear positions", indices: int64(1, 5) },
  { form: "coordinates", indices: tensor("int64", [2, 2], [0, 1, 1, 2]) },
])("Constant spreads a sparse tensor with $form", async ({ indices }) => {
  const sparseTensor = create(SparseTensorProtoSchema, {
    values: toTensorProto(tensor("float32", [2], [7, 8]), "values"),
    indices: toTensorProto(indices, "indices"),
    dims: [2n, 3n],
  });
  const { model } = oneNode({ opType: "Constant", inputs: [], outputs: ["float32"] });
  const type = AttributeProto_AttributeType.SPARSE_TENSOR;
  model.graph?.node[0]?.attribute.push(
    create(AttributeProtoSchema, { name: "sparse_value", type, sparseTensor }),
  );
  await using backend = await open();
  await using session = await createSession(model, { backend });
  expect(await session.run({})).toEqual({ y0: tensor("float32", [2, 3], [0, 7, 0, 0, 0, 8]) });
});

test("ConstantOfShape is float32 zeros, or its value bit by bit", async () => {
  const node = { opType: "ConstantOfShape", inputs: [int64(2, 0)], outputs: ["float32" as const] };
  expect((await runOneNode(node)).y0).toEqual(tensor("float32", [2, 0]));
  const value = toTensorProto(tensor("int64", [1], [2n ** 60n + 1n]), "v");
  const big = await runOneNode({ ...node, inputs: [int64(2)], outputs: ["int64"], attributes: { value } });
  expect(big.y0).toEqual(tensor("int64", [2], [2n ** 60n + 1n, 2n ** 60n + 1n]));
});

test("Range counts exactly, up and down", async () => {
  const range = async (dtype: "int64" | "int32" | "float32", ...parts: (number | bigint)[]) => {
    const inputs = parts.map((part) => tensor("int64" === dtype ? dtype : dtype, [], [Number(part)]));
    return (await runOneNode({ opType: "Range", inputs, outputs: [dtype] })).y0;
  };
  expect(await range("int64", 10, 4, -2)).toEqual(tensor("int64", [3], [10, 8, 6]));
  expect(await range("int64", 0, -5, 3)).toEqual(tensor("int64", [0]));
  expect(await range("int32", 3, 9, 3)).toEqual(tensor("int32", [2], [3, 6]));
  expect(await range("float32", 0, 1, 0.25)).toEqual(tensor("float32", [4], [0, 0.25, 0.5, 0.75]));
  const far = [2n ** 60n, 2n ** 60n + 3n, 2n].map((part) => scalar("int64", part));
  expect((await runOneNode({ opType: "Range", inputs: far, outputs: ["int64"] })).y0).toEqual(
    tensor("int64", [2], [2n ** 60n, 2n ** 60n + 2n]),
  );
  await expect(range("int64", 0, 5, 0)).rejects.toThrow(/delta/);
  await expect(range("float32", 0, 5, 0)).rejects.toThrow(/no end/);
});

test("EyeLike takes the shape and, unless told otherwise, the dtype of its input", async () => {
  const node = { opType: "EyeLike", inputs: [floats(2, 3)], outputs: ["float32" as const] };
  expect((await runOneNode({ ...node, attributes: { k: 1n } })).y0).toEqual(
    tensor("float32", [2, 3], [0, 1, 0, 0, 0, 1]),
  );
  expect((await runOneNode({ ...node, attributes: { k: -1n, dtype: 7n } })).y0).toEqual(
    tensor("int64", [2, 3], [0, 0, 0, 1, 0, 0]),
  );
});

test("OneHot counts negative indices from the end and leaves others out", async () => {
  const inputs = [int64(0, -1, 3, -4), scalar("int64", 3), tensor("float32", [2], [0, 5])];
  const node = { opType: "OneHot", inputs, outputs: ["float32" as const] };
  expect((await runOneNode(node)).y0).toEqual(
    tensor("float32", [4, 3], [5, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0]),
  );
  expect((await runOneNode({ ...node, attributes: { axis: 0n } })).y0).toEqual(
    tensor("float32", [3, 4], [5, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0]),
  );
});
