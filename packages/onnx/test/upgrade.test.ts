/** What `upgradeOpset` changes in a model, and what it refuses; packages/runtime holds the results to the old ones. */
import { tensor } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import {
  type AttributeValue,
  checkModel,
  create,
  findAttribute,
  Graph,
  GraphProtoSchema,
  getInt,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeProto,
  OpsetError,
  opsetVersion,
  tensorValue,
  toTensorProto,
  upgradeOpset,
  writeModel,
} from "../src/index.ts";

function modelOf(
  opset: number,
  nodes: readonly NodeProto[],
  shape: readonly number[] | undefined = [2, 3, 4],
) {
  return create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: BigInt(opset) }],
    graph: create(GraphProtoSchema, {
      name: "test",
      input: [makeValueInfo("x", "float32", shape)],
      output: [makeValueInfo(nodes.at(-1)?.output[0] ?? "", "float32")],
      node: [...nodes],
    }),
  });
}

const one = (
  opset: number,
  opType: string,
  attributes: Record<string, AttributeValue> = {},
  outputs = ["y"],
) => modelOf(opset, [makeNode(opType, ["x"], outputs, { name: "node", attributes })]);

const opTypes = (model: ModelProto) => model.graph?.node.map(({ opType }) => opType);

describe("upgradeOpset", () => {
  test("leaves the given model as it was", () => {
    const model = one(9, "Clip", { min: 0, max: 6 });
    const before = writeModel(model);
    upgradeOpset(model);
    expect(writeModel(model)).toEqual(before);
  });

  test("makes constants of attributes that became inputs", () => {
    const { graph } = upgradeOpset(one(9, "Clip", { min: 0, max: 6 }));
    const [node] = graph!.node;
    expect(node!.attribute).toEqual([]);
    const bounds = node!.input.slice(1).map((name) => graph!.initializer.find((each) => each.name === name)!);
    expect(bounds.map((each) => Array.from(tensorValue(each).data as Float32Array))).toEqual([[0], [6]]);
  });

  test("keeps a Softmax along the last axis one node, and makes a matrix for any other", () => {
    const last = upgradeOpset(one(11, "Softmax", { axis: 2n }));
    expect(opTypes(last)).toEqual(["Softmax"]);
    expect(getInt(last.graph!.node[0]!, "axis")).toBe(-1);
    expect(opTypes(upgradeOpset(one(11, "Softmax")))).toEqual(["Flatten", "Softmax", "Shape", "Reshape"]);
  });

  test("is told ranks that the file leaves open", () => {
    const open = modelOf(11, [makeNode("Softmax", ["x"], ["y"])], undefined);
    delete open.graph!.input[0]!.type;
    open.graph!.input[0] = makeValueInfo("x", "float32");
    expect(opTypes(upgradeOpset(open))).toHaveLength(4);
    expect(opTypes(upgradeOpset(open, { inputs: { x: [5, 6] } }))).toEqual(["Softmax"]);
  });

  test("takes initializers out of the inputs of IR version 3", () => {
    const model = modelOf(8, [makeNode("Add", ["x", "w"], ["y"])]);
    model.irVersion = 3n;
    model.graph!.initializer.push(toTensorProto(tensor("float32", [4], [1, 2, 3, 4]), "w"));
    model.graph!.input.push(makeValueInfo("w", "float32", [4]));
    const upgraded = upgradeOpset(model);
    expect(upgraded.graph!.input.map(({ name }) => name)).toEqual(["x"]);
    expect(Graph.of(upgraded).initializersAreInputs).toBe(false);
    checkModel(upgraded);
  });

  test("reaches the graphs inside of nodes", () => {
    const branch = (name: string) =>
      create(GraphProtoSchema, {
        name,
        node: [makeNode("Squeeze", ["x"], [`${name}_y`], { attributes: { axes: [0n] } })],
        output: [makeValueInfo(`${name}_y`, "float32")],
      });
    const condition = toTensorProto(tensor("bool", [], [1]), "condition");
    const model = modelOf(
      11,
      [
        makeNode("If", ["condition"], ["y"], {
          attributes: { then_branch: branch("a"), else_branch: branch("b") },
        }),
      ],
      [1, 3],
    );
    model.graph!.initializer.push(condition);
    const upgraded = upgradeOpset(model);
    for (const { g } of upgraded.graph!.node[0]!.attribute) {
      expect(g!.node[0]!.input).toEqual(["x", g!.initializer[0]!.name]);
      expect(findAttribute(g!.node[0]!, "axes")).toBeUndefined();
    }
    checkModel(upgraded);
  });

  test("copies what is newer", () => {
    const model = one(23, "RMSNormalization");
    expect(upgradeOpset(model)).toEqual(model);
    expect(upgradeOpset(model)).not.toBe(model);
  });

  test("copies a model of other domains alone", () => {
    const model = modelOf(1, [makeNode("Gelu", ["x"], ["y"], { domain: "com.microsoft" })]);
    model.opsetImport[0]!.domain = "com.microsoft";
    expect(upgradeOpset(model)).toEqual(model);
  });

  test("leaves operators of other domains alone", () => {
    const model = modelOf(12, [makeNode("Softmax", ["x"], ["y"], { domain: "mine" })]);
    model.opsetImport.push(
      create(ModelProtoSchema, { opsetImport: [{ domain: "mine", version: 1n }] }).opsetImport[0]!,
    );
    const upgraded = upgradeOpset(model);
    expect(opTypes(upgraded)).toEqual(["Softmax"]);
    expect(opsetVersion(upgraded)).toBe(21);
    expect(opsetVersion(upgraded, "mine")).toBe(1);
  });

  test("trusts Upsample to make larger, whatever its scales, and Resize not", () => {
    const scales = (opset: number, opType: string) => {
      const model = modelOf(opset, [makeNode(opType, ["x", "scales"], ["y"], { name: "node" })]);
      model.graph!.input.push(makeValueInfo("scales", "float32", [3]));
      return model;
    };
    const [node] = upgradeOpset(scales(9, "Upsample")).graph!.node;
    expect([node!.opType, ...node!.input]).toEqual(["Resize", "x", "", "scales"]);
    expect(() => upgradeOpset(scales(10, "Resize"))).toThrow(OpsetError);
  });

  const refused: readonly [string, ModelProto, RegExp][] = [
    ["an opset with other broadcasting", one(6, "Relu"), /opset 6 cannot be upgraded/],
    [
      "an operator that its opset does not have",
      one(9, "HardSwish"),
      /"node": opset 9 has no operator HardSwish/,
    ],
    [
      "an operator that its opset no longer has",
      one(11, "Upsample"),
      /"node": opset 11 has no operator Upsample/,
    ],
    ["an operator that nobody knows", one(12, "Wiggle"), /"node": opset 12 has no operator Wiggle/],
    ["a Resize that rounds as nobody says", resizeBy(0.4), /"node" \(Resize\).*opset 11.*nearest/],
    [
      "a mask whose format changes",
      modelOf(9, [
        makeNode("Dropout", ["x"], ["d", "mask"], { name: "node" }),
        makeNode("Add", ["d", "mask"], ["y"]),
      ]),
      /"node" \(Dropout\).*mask/,
    ],
    [
      "normalization of every activation",
      normalization(8, { spatial: 0n }),
      /"node" \(BatchNormalization\).*spatial/,
    ],
  ];
  test.each(refused)("refuses %s", (_, model, message) => {
    const upgrade = () => upgradeOpset(model);
    expect(upgrade).toThrow(OpsetError);
    expect(upgrade).toThrow(message);
  });

  test("a normalization with further outputs is in training mode, and so it stays", () => {
    const [node] = upgradeOpset(normalization(9, {}, ["y", "mean2", "variance2", "a", "b"])).graph!.node;
    expect(getInt(node!, "training_mode")).toBe(1);
    expect(node!.output).toEqual(["y", "mean2", "variance2"]);
  });
});

function resizeBy(scale: number): ModelProto {
  const model = modelOf(10, [makeNode("Resize", ["x", "scales"], ["y"], { name: "node" })]);
  model.graph!.initializer.push(toTensorProto(tensor("float32", [3], [1, 1, scale]), "scales"));
  return model;
}

function normalization(
  opset: number,
  attributes: Record<string, AttributeValue>,
  outputs = ["y"],
): ModelProto {
  const names = ["scale", "bias", "mean", "variance"];
  const node = makeNode("BatchNormalization", ["x", ...names], outputs, { name: "node", attributes });
  const model = modelOf(opset, [node]);
  for (const name of names)
    model.graph!.initializer.push(toTensorProto(tensor("float32", [3], [1, 2, 3]), name));
  return model;
}
