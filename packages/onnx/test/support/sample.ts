/** A small model that uses every corner of the format: all attribute kinds, subgraphs, functions, metadata, types. */
import {
  AttributeProto_AttributeType as A,
  create,
  type MessageInitShape,
  type ModelProto,
  ModelProtoSchema,
  toTensorProto,
  type ValueInfoProtoSchema,
} from "../../src/index.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const meta = [{ key: "made for", value: "tests – ünïcode" }];

function tensorValue(
  name: string,
  elemType: number,
  dims: (number | string)[],
): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = dims.map((d) =>
    typeof d === "string"
      ? { value: { case: "dimParam" as const, value: d } }
      : { value: { case: "dimValue" as const, value: BigInt(d) } },
  );
  return { name, type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } } };
}

export function sampleModel(): ModelProto {
  const branch = (constant: number): MessageInitShape<typeof ModelProtoSchema>["graph"] => ({
    name: `branch${constant}`,
    node: [{ opType: "Add", input: ["h", "bias"], output: ["out"], name: `add${constant}` }],
    initializer: [
      toTensorProto({ dtype: "float32", shape: [2], data: Float32Array.of(constant, -0) }, "bias"),
    ],
    output: [tensorValue("out", 1, ["N", 2])],
  });
  return create(ModelProtoSchema, {
    irVersion: 10n,
    producerName: "bitbudget tests",
    producerVersion: "",
    modelVersion: -1n,
    docString: "every corner",
    opsetImport: [
      { domain: "", version: 21n },
      { domain: "com.microsoft", version: 1n },
      { domain: "local", version: 1n },
    ],
    metadataProps: meta,
    graph: {
      name: "main",
      node: [
        {
          opType: "Twice",
          domain: "local",
          overload: "float",
          name: "twice",
          input: ["x", ""],
          output: ["h"],
          metadataProps: meta,
          deviceConfigurations: [
            {
              configurationId: "two",
              pipelineStage: 1,
              shardingSpec: [
                {
                  tensorName: "x",
                  device: [0n, -1n],
                  indexToDeviceGroupMap: [{ key: -1n, value: [0n, 1n] }],
                  shardedDim: [
                    { axis: 0n, simpleSharding: [{ dim: { case: "dimParam", value: "N" }, numShards: 2n }] },
                  ],
                },
              ],
            },
          ],
          attribute: [
            { name: "f", type: A.FLOAT, f: Math.fround(0.1) },
            { name: "i", type: A.INT, i: -(2n ** 63n) },
            { name: "s", type: A.STRING, s: text("ä") },
            {
              name: "t",
              type: A.TENSOR,
              t: toTensorProto({ dtype: "int4", shape: [3], data: Uint8Array.of(0x21, 3) }),
            },
            { name: "floats", type: A.FLOATS, floats: [0, -0, Number.POSITIVE_INFINITY] },
            { name: "ints", type: A.INTS, ints: [0n, 1n, -1n] },
            { name: "strings", type: A.STRINGS, strings: [text(""), text("b")] },
            { name: "tensors", type: A.TENSORS, tensors: [{ dims: [0n], dataType: 1 }] },
            {
              name: "sparse",
              type: A.SPARSE_TENSOR,
              sparseTensor: {
                values: toTensorProto({ dtype: "float32", shape: [1], data: Float32Array.of(7) }, "sv"),
                indices: toTensorProto({ dtype: "int64", shape: [1], data: BigInt64Array.of(2n) }),
                dims: [4n],
              },
            },
            {
              name: "type",
              type: A.TYPE_PROTO,
              tp: {
                denotation: "IMAGE",
                value: {
                  case: "optionalType",
                  value: {
                    elemType: {
                      value: {
                        case: "sequenceType",
                        value: {
                          elemType: {
                            value: {
                              case: "mapType",
                              value: {
                                keyType: 8,
                                valueType: {
                                  value: {
                                    case: "opaqueType",
                                    value: {
                                      domain: "d",
                                      name: "n",
                                    },
                                  },
                                },
                              },
                            },
                          },
                        },
                      },
                    },
                  },
                },
              },
            },
            {
              name: "types",
              type: A.TYPE_PROTOS,
              typeProtos: [
                { value: { case: "sparseTensorType", value: { elemType: 1, shape: { dim: [] } } } },
              ],
            },
          ],
        },
        { opType: "Greater", input: ["h", "zero"], output: ["c0"] },
        {
          opType: "ReduceMax",
          input: ["c1"],
          output: ["c2"],
          attribute: [{ name: "keepdims", type: A.INT, i: 0n }],
        },
        { opType: "Cast", input: ["c0"], output: ["c1"], attribute: [{ name: "to", type: A.INT, i: 6n }] },
        { opType: "Cast", input: ["c2"], output: ["cond"], attribute: [{ name: "to", type: A.INT, i: 9n }] },
        {
          opType: "If",
          name: "choose",
          input: ["cond"],
          output: ["y"],
          attribute: [
            { name: "then_branch", type: A.GRAPH, g: branch(1) },
            { name: "else_branch", type: A.GRAPH, g: branch(2) },
          ],
        },
      ],
      initializer: [
        toTensorProto({ dtype: "float32", shape: [], data: Float32Array.of(0) }, "zero"),
        { name: "typed", dims: [2n, 2n], dataType: 10, int32Data: [0x3c00, 0, 0x8000, 0x7bff] },
        { name: "words", dims: [2n], dataType: 8, stringData: [text("ja"), text("nein")] },
      ],
      sparseInitializer: [
        {
          values: toTensorProto({ dtype: "float32", shape: [1], data: Float32Array.of(1) }, "sparse"),
          indices: toTensorProto({ dtype: "int64", shape: [1], data: BigInt64Array.of(0n) }),
          dims: [1000n],
        },
      ],
      input: [tensorValue("x", 1, ["N", 2])],
      output: [tensorValue("y", 1, ["N", 2])],
      valueInfo: [tensorValue("h", 1, ["N", 2])],
      quantizationAnnotation: [
        { tensorName: "h", quantParameterTensorNames: [{ key: "SCALE_TENSOR", value: "zero" }] },
      ],
      metadataProps: meta,
    },
    functions: [
      {
        name: "Twice",
        domain: "local",
        overload: "float",
        input: ["a", "b"],
        output: ["c"],
        attribute: ["f", "i"],
        attributeProto: [{ name: "gain", type: A.FLOAT, f: 2 }],
        node: [
          {
            opType: "Constant",
            output: ["k"],
            attribute: [{ name: "value_float", type: A.FLOAT, refAttrName: "gain" }],
          },
          { opType: "Mul", input: ["a", "k"], output: ["c"] },
        ],
        opsetImport: [{ domain: "", version: 21n }],
        valueInfo: [tensorValue("k", 1, [])],
        metadataProps: meta,
      },
    ],
    trainingInfo: [{ initialization: { name: "init" }, updateBinding: [{ key: "a", value: "b" }] }],
    configuration: [{ name: "two", numDevices: 2, device: ["cpu", "gpu"] }],
  });
}
