import { open } from "@bitbudget/backend-js";
import { elementCount, tensor } from "@bitbudget/core";
import {
  type AttributeValue,
  create,
  Graph,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  OperatorSetIdProtoSchema,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import { layersOf, weightMatrix } from "../../src/index.ts";
import { layerRows } from "../../src/rounding/layer-rows.ts";
import { Multiplier, OuterProducts } from "../../src/rounding/products.ts";
import { gramOfInputs, normals } from "./support.ts";

function oneLayer(
  opType: string,
  input: readonly number[],
  weight: readonly number[],
  attributes: Record<string, AttributeValue>,
): ModelProto {
  const w = tensor("float32", weight, normals(elementCount(weight), 1));
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [create(OperatorSetIdProtoSchema, { version: 21n })],
    graph: create(GraphProtoSchema, {
      name: "one layer",
      node: [makeNode(opType, ["x", "w"], ["y"], { attributes })],
      input: [makeValueInfo("x", "float32", input)],
      output: [makeValueInfo("y", "float32")],
      initializer: [toTensorProto(w, "w")],
    }),
  });
}

const all = (count: number) => Int32Array.from({ length: count }, (_, i) => i);

/** y = W row of x is what a session computes: [row of y][position] for the rows in the order in which they come. */
const cases: readonly (readonly [
  string,
  readonly number[],
  readonly number[],
  Record<string, AttributeValue>,
])[] = [
  ["Conv", [2, 3, 5, 6], [4, 3, 3, 2], { kernel_shape: [3n, 2n] }],
  [
    "Conv",
    [2, 4, 7, 6],
    [6, 2, 3, 3],
    { kernel_shape: [3n, 3n], group: 2n, pads: [1n, 2n, 0n, 1n], strides: [2n, 1n] },
  ],
  [
    "Conv",
    [1, 3, 8, 8],
    [3, 1, 3, 3],
    { kernel_shape: [3n, 3n], group: 3n, auto_pad: "SAME_UPPER", strides: [2n, 2n] },
  ],
  ["Conv", [1, 3, 8, 7], [3, 3, 2, 2], { kernel_shape: [2n, 2n], auto_pad: "SAME_LOWER" }],
  ["Conv", [2, 2, 9], [3, 2, 3], { kernel_shape: [3n], dilations: [2n], auto_pad: "VALID" }],
  ["Conv", [1, 2, 3, 4, 5], [2, 2, 2, 2, 2], { kernel_shape: [2n, 2n, 2n], pads: [0n, 1n, 0n, 1n, 0n, 1n] }],
  ["MatMul", [2, 3, 5], [5, 4], {}],
  ["Gemm", [3, 5], [4, 5], { transB: 1n }],
  ["Gemm", [5, 3], [5, 4], { transA: 1n }],
];

describe("rows of a weight times rows of an input are what the layer computes", () => {
  test.each(cases)("%s of %o with %o, %o", async (opType, shape, weightShape, attributes) => {
    const model = oneLayer(opType, shape, weightShape, attributes);
    const [layer] = layersOf(Graph.of(model));
    const weight = layer!.weights[0]!;
    const matrix = weightMatrix(layer!, weight)!;
    const x = tensor("float32", shape, normals(elementCount(shape), 2));
    const { rows, count } = layerRows(layer!, weight, x, 0, all);
    await using backend = await open();
    await using session = await createSession(model, { backend });
    const y = (await session.run({ x })).y!;
    const values = normals(elementCount(weightShape), 1);
    const isConv = opType === "Conv";
    const positions = isConv ? elementCount(y.shape.slice(2)) : 1;
    expect(count * matrix.rows).toBe(elementCount(y.shape));
    for (let at = 0; at < count; at++)
      for (let row = 0; row < matrix.rows; row++) {
        const group = Math.floor((row * matrix.groups) / matrix.rows);
        let sum = 0;
        for (let i = 0; i < matrix.size; i++)
          sum +=
            values[row * matrix.rowStride + i * matrix.termStride]! *
            rows[(group * count + at) * matrix.size + i]!;
        const sample = Math.floor(at / positions);
        const place = isConv
          ? (sample * matrix.rows + row) * positions + (at % positions)
          : at * matrix.rows + row;
        expect(y.data[place]).toBeCloseTo(sum, 4);
      }
  });
});

test("a choice of rows is those rows", () => {
  const model = oneLayer("Conv", [2, 2, 4, 4], [2, 2, 3, 3], { kernel_shape: [3n, 3n] });
  const [layer] = layersOf(Graph.of(model));
  const weight = layer!.weights[0]!;
  const x = tensor("float32", [2, 2, 4, 4], normals(64, 3));
  const every = layerRows(layer!, weight, x, 0, all);
  const some = layerRows(layer!, weight, x, 2, (count, limit) => {
    expect([count, limit]).toEqual([8, 2]);
    return Int32Array.of(6, 1);
  });
  expect(some.count).toBe(2);
  expect(some.rows.subarray(0, 18)).toEqual(every.rows.subarray(6 * 18, 7 * 18));
  expect(some.rows.subarray(18)).toEqual(every.rows.subarray(18, 2 * 18));
});

test("sums of outer products over batches of different sizes are those of all rows", async () => {
  const [size, groups] = [3, 2];
  const counts = [4, 1, 5];
  await using backend = await open();
  await using multiplier = await Multiplier.open(backend);
  const sums = new OuterProducts(groups, size);
  const samples: number[] = [];
  for (const [i, count] of counts.entries()) {
    const x = normals(groups * count * size, i);
    await sums.add(multiplier, x, x, count);
    for (let row = 0; row < count; row++)
      for (let group = 0; group < groups; group++)
        samples.push(...x.subarray((group * count + row) * size, (group * count + row + 1) * size));
  }
  const { values } = gramOfInputs(Float32Array.from(samples), size, groups);
  sums.values.forEach((x, i) => {
    expect(x).toBeCloseTo(values[i]!, 5);
  });
});
