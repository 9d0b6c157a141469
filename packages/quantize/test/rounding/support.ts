/** Random problems: a weight, and inputs whose channels go together, as those of real layers do. */
import { tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  OperatorSetIdProtoSchema,
  toTensorProto,
} from "@bitbudget/onnx";
import { randomNumbers } from "@bitbudget/train";
import type { LayerGram } from "../../src/index.ts";
import type { WeightMatrix } from "../../src/rounding/matrix.ts";

/** Numbers that are nearly normal. */
export function normals(length: number, seed: number): Float32Array {
  const random = randomNumbers(seed);
  return Float32Array.from({ length }, () => random() + random() + random() + random() - 2);
}

export function rowMajor(rows: number, size: number, groups = 1): WeightMatrix {
  return { rows, size, rowStride: size, termStride: 1, groups };
}

/** Of inputs [count, groups * size], in float64. */
export function gramOfInputs(x: Float32Array, size: number, groups = 1): LayerGram {
  const rows = x.length / (size * groups);
  const values = new Float64Array(groups * size * size);
  const mean = new Float64Array(groups * size);
  for (let row = 0; row < rows; row++)
    for (let group = 0; group < groups; group++) {
      const at = (row * groups + group) * size;
      for (let i = 0; i < size; i++) {
        mean[group * size + i]! += x[at + i]! / rows;
        for (let j = 0; j < size; j++)
          values[(group * size + i) * size + j]! += (x[at + i]! * x[at + j]!) / rows;
      }
    }
  return { rows, size, groups, values, mean };
}

/** Inputs that share a part, so that what one weight does wrong another can make up for. */
export function relatedInputs(count: number, size: number, seed: number, shift = 0.5): Float32Array {
  const own = normals(count * size, seed);
  const common = normals(count, seed + 1000);
  return own.map((x, i) => 0.5 * x + common[Math.floor(i / size)]! + shift);
}

/** A residual block and a classifier: a convolution without bias, a depthwise one, a sum, a product with a bias. */
export function network(): ModelProto {
  const weight = (name: string, shape: number[], seed: number) =>
    toTensorProto(
      tensor(
        "float32",
        shape,
        normals(
          shape.reduce((a, b) => a * b, 1),
          seed,
        ),
      ),
      name,
    );
  const square = { kernel_shape: [3n, 3n], pads: [1n, 1n, 1n, 1n] };
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [create(OperatorSetIdProtoSchema, { version: 21n })],
    graph: create(GraphProtoSchema, {
      name: "network",
      node: [
        makeNode("Conv", ["x", "w1"], ["a"], { name: "first", attributes: square }),
        makeNode("Relu", ["a"], ["b"]),
        makeNode("Conv", ["b", "w2", "b2"], ["c"], {
          name: "depthwise",
          attributes: { ...square, group: 6n },
        }),
        makeNode("Conv", ["b", "w3"], ["d"], { name: "beside", attributes: { kernel_shape: [1n, 1n] } }),
        makeNode("Add", ["c", "d"], ["e"]),
        makeNode("Relu", ["e"], ["f"]),
        makeNode("GlobalAveragePool", ["f"], ["g"]),
        makeNode("Flatten", ["g"], ["h"]),
        makeNode("MatMul", ["h", "w4"], ["i"], { name: "last" }),
        makeNode("Add", ["i", "b4"], ["y"]),
      ],
      input: [makeValueInfo("x", "float32", ["n", 3, 6, 6])],
      output: [makeValueInfo("y", "float32", ["n", 5])],
      initializer: [
        weight("w1", [6, 3, 3, 3], 1),
        weight("w2", [6, 1, 3, 3], 2),
        weight("b2", [6], 3),
        weight("w3", [6, 6, 1, 1], 4),
        weight("w4", [6, 5], 5),
        weight("b4", [5], 6),
      ],
    }),
  });
}
