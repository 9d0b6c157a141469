/** Small models of the kinds people have: an image network, shape arithmetic, a loop, quantized layers. */
import {
  create,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeProto,
  type TensorProto,
  toTensorProto,
} from "../../src/index.ts";

const floats = (name: string, shape: number[]): TensorProto =>
  toTensorProto({ dtype: "float32", shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }, name);
const ints = (name: string, ...values: number[]): TensorProto =>
  toTensorProto({ dtype: "int64", shape: [values.length], data: BigInt64Array.from(values, BigInt) }, name);
const bytes = (name: string, ...values: number[]): TensorProto =>
  toTensorProto(
    {
      dtype: "uint8",
      shape: values.length === 1 ? [] : [values.length / 2, 2],
      data: Uint8Array.from(values),
    },
    name,
  );

function modelOf(
  input: GraphProto["input"],
  node: NodeProto[],
  initializer: TensorProto[],
  output: string,
): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph: { name: "small", input, node, initializer, output: [makeValueInfo(output, "float32")] },
  });
}

export function smallModels(): ModelProto[] {
  const image = modelOf(
    [makeValueInfo("x", "float32", ["N", 1, 8, 8])],
    [
      makeNode("Conv", ["x", "w"], ["c"], { attributes: { pads: [1n, 1n, 1n, 1n], strides: [2n, 2n] } }),
      makeNode("Relu", ["c"], ["r"]),
      makeNode("MaxPool", ["r"], ["p"], { attributes: { kernel_shape: [2n, 2n] } }),
      makeNode("Flatten", ["p"], ["f"]),
      makeNode("Gemm", ["f", "g"], ["y"], { attributes: { transB: 1n } }),
    ],
    [floats("w", [2, 1, 3, 3]), floats("g", [3, 18])],
    "y",
  );
  const shapes = modelOf(
    [makeValueInfo("x", "float32", ["N", "T", 4])],
    [
      makeNode("Shape", ["x"], ["s"]),
      makeNode("Gather", ["s", "first"], ["n"]),
      makeNode("Concat", ["n", "rest"], ["to"], { attributes: { axis: 0n } }),
      makeNode("Reshape", ["x", "to"], ["r"]),
      makeNode("Transpose", ["r"], ["t"], { attributes: { perm: [0n, 2n, 1n] } }),
      makeNode("Slice", ["t", "first", "ends", "first", "steps"], ["y"]),
    ],
    [ints("first", 0), ints("rest", -1, 2), ints("ends", 100), ints("steps", 2)],
    "y",
  );
  const body = create(GraphProtoSchema, {
    name: "body",
    input: [makeValueInfo("i", "int64", []), makeValueInfo("go", "bool", []), makeValueInfo("v", "float32")],
    node: [makeNode("Add", ["v", "x"], ["v2"]), makeNode("Identity", ["go"], ["go2"])],
    output: [makeValueInfo("go2", "bool"), makeValueInfo("v2", "float32"), makeValueInfo("v2", "float32")],
  });
  const loop = modelOf(
    [makeValueInfo("x", "float32", ["N"]), makeValueInfo("trips", "int64", [])],
    [makeNode("Loop", ["trips", "", "x"], ["end", "y"], { attributes: { body } })],
    [],
    "y",
  );
  const quantized = modelOf(
    [makeValueInfo("x", "float32", ["N", 2])],
    [
      makeNode("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
      makeNode("DequantizeLinear", ["q", "scale", "zero"], ["d"]),
      makeNode("DequantizeLinear", ["codes", "scale", "zero"], ["w"], { attributes: { axis: 0n } }),
      makeNode("MatMul", ["d", "w"], ["y"]),
    ],
    [floats("scale", []), bytes("zero", 128), bytes("codes", 1, 2, 3, 4)],
    "y",
  );
  return [image, shapes, loop, quantized];
}
