/** A classifier small enough to write down: it compares a picture of a digit with one template of each. */
import { type HostTensor, tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  toTensorProto,
} from "@bitbudget/onnx";

/** 3 by 5 points each, row by row. */
const glyphs = [
  "### #.# #.# #.# ###",
  ".#. ##. .#. .#. ###",
  "### ..# ### #.. ###",
  "### ..# .## ..# ###",
  "#.# #.# ### ..# ..#",
  "### #.. ### ..# ###",
  "### #.. ### #.# ###",
  "### ..# ..# .#. .#.",
  "### #.# ### #.# ###",
  "### #.# ### ..# ###",
].map((rows) => Array.from(rows.replaceAll(" ", ""), (point) => (point === "#" ? 1 : -1)));

/** An ONNX model: a picture [batch, 5, 3] of -1 and 1 in, probabilities of the ten digits out. */
export function digitModel(): ModelProto {
  const graph = create(GraphProtoSchema, {
    name: "digits",
    input: [makeValueInfo("picture", "float32", ["batch", 5, 3])],
    output: [makeValueInfo("probabilities", "float32", ["batch", 10])],
    initializer: [toTensorProto(tensor("float32", [10, 15], glyphs.flat()), "templates")],
    node: [
      makeNode("Flatten", ["picture"], ["points"], { name: "flatten" }),
      makeNode("Gemm", ["points", "templates"], ["agreement"], {
        name: "compare",
        attributes: { transB: 1n, alpha: 0.5 },
      }),
      makeNode("Softmax", ["agreement"], ["probabilities"], { name: "softmax" }),
    ],
  });
  return create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ domain: "", version: 13n }], graph });
}

/** A picture for the model, one of its points wrong. */
export function smudged(digit: number): HostTensor<"float32"> {
  const points = Float32Array.from(glyphs[digit] ?? []);
  points[14] = -points[14]!;
  return tensor("float32", [1, 5, 3], points);
}
