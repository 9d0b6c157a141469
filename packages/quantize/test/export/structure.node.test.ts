/** What export leaves alone, shares and adds: tensors, weights of several layers, graphs inside nodes, attributes, metadata. */
import { type HostTensor, quantize, storedBytes, tensor, valuesOf } from "@bitbudget/core";
import {
  create,
  externalize,
  Graph,
  GraphProtoSchema,
  getInts,
  isExternal,
  ModelFile,
  type ModelProto,
  makeNode,
  makeValueInfo,
  parseModel,
  tensorBytes,
  tensorValue,
  toTensorProto,
  writeModel,
} from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import { coreScheme, exportModel, layersOf, METADATA_KEY, type WeightScheme } from "../../src/index.ts";
import { distance } from "./distance.ts";
import { exported, modelOf, nearest, observed, op, operators, type Parts, random, ranges } from "./models.ts";
import { runnable, runners } from "./runners.ts";

const int8 = { weight: { dtype: "int8" } } as const;
const x = random([3, 16], 1);

const twoLayers: Parts = {
  inputs: { x },
  outputs: ["y"],
  constants: { a: random([16, 16], 2), b: random([16, 4], 3) },
  nodes: [op("MatMul", ["x", "a"], "h"), op("MatMul", ["h", "b"], "y")],
};

describe("memory", () => {
  test("layers that stay float keep their tensors, and the model that was given stays as it is", async () => {
    const model = modelOf(twoLayers);
    const before = writeModel(model);
    const file = await exported(model, "wasm", { "MatMul h": int8 });
    const [given, made] = [model, file].map((each) => Graph.of(each).initializers);
    expect(made?.get("b")).toBe(given?.get("b"));
    expect(made?.has("a")).toBe(false);
    expect(writeModel(model)).toEqual(before);
  });

  test("weights are asked for one by one, and a float weight is gone when the next is asked for", async () => {
    const model = modelOf(twoLayers);
    const weights = nearest(model, { "MatMul h": int8, "MatMul y": int8 });
    const seen: boolean[] = [];
    await exportModel({
      model,
      target: "wasm",
      assignment: { "MatMul h": int8, "MatMul y": int8 },
      weights: (layer, weight) => {
        seen.push(layer.graph.initializers.has("a"));
        return weights(layer, weight);
      },
    });
    expect(seen).toEqual([true, false]);
  });

  test("external data are read where they are needed, and stay where they are", async () => {
    const parts: Parts = {
      inputs: { x },
      outputs: ["y"],
      constants: { a: random([16, 16], 2), c: random([16], 4), b: random([16, 2048], 3) },
      nodes: [op("Gemm", ["x", "a", "c"], "h"), op("MatMul", ["h", "b"], "y")],
    };
    const whole = modelOf(parts);
    const assignment = { "Gemm h": { ...int8, activation: { dtype: "uint8" } } } as const;
    const calibration = await observed(whole, parts.inputs);
    const { model, placements } = externalize(whole, { location: "weights", threshold: 0, alignment: 1 });
    const bytes = new Uint8Array(Math.max(...placements.map(({ offset, length }) => offset + length)));
    for (const { tensor: proto, offset } of placements) bytes.set(tensorBytes(proto), offset);
    const read: number[] = [];
    const file = new ModelFile(model, {
      read: async (_, offset, length) => {
        read.push(length);
        return bytes.slice(offset, offset + length);
      },
    });
    const options = {
      target: "ort-node",
      assignment,
      calibration,
      weights: nearest(whole, assignment),
    } as const;
    const made = await exportModel({ ...options, model: file });
    expect(read.toSorted((p, q) => p - q)).toEqual([16 * 4, 16 * 16 * 4]);
    expect([...Graph.of(made).initializers].filter(isExternal).map(({ name }) => name)).toEqual(["b"]);
    await new ModelFile(made, file.source).load();
    const expected = await exportModel({ ...options, model: whole });
    expect(await runners["ort-node"](made, { x })).toEqual(await runners["ort-node"](expected, { x }));
  });
});

describe("weights of several layers", () => {
  const shared: Parts = {
    inputs: { x },
    outputs: ["y"],
    constants: { a: random([16, 16], 2) },
    nodes: [op("MatMul", ["x", "a"], "h"), op("MatMul", ["h", "a"], "y")],
  };
  const model = modelOf(shared);

  test("the same codes are stored once", async () => {
    const [layer] = layersOf(Graph.of(model));
    const [weight] = layer!.weights;
    const values = new Float32Array(valuesOf(tensorValue(Graph.of(model).initializers.get("a")!)));
    const codes = quantize(values, [16, 16], coreScheme(layer!, weight!, int8.weight));
    const assignment = { "MatMul h": int8, "MatMul y": int8 };
    const once = await exported(model, "wasm", assignment, { weights: () => codes });
    const twice = await exported(model, "wasm", assignment);
    expect(operators(once)).toEqual(["DequantizeLinear", "MatMul", "MatMul"]);
    expect(operators(twice)).toEqual(["DequantizeLinear", "MatMul", "DequantizeLinear", "MatMul"]);
    expect(await runners.js(once, { x })).toEqual(await runners.js(twice, { x }));
  });

  test("other codes are stored beside, and a float layer keeps its weight", async () => {
    const assignment = {
      "MatMul h": int8,
      "MatMul y": { weight: { dtype: "int4", granularity: { block: 16 } } },
    } as const;
    for (const target of runnable) {
      const file = await exported(model, target, assignment);
      const half = await exported(model, target, { "MatMul h": int8 });
      expect(Graph.of(file).initializers.has("a")).toBe(false);
      expect(Graph.of(half).initializers.has("a")).toBe(true);
      const { y: floats } = await runners.js(model, { x });
      expect(distance((await runners[target](file, { x })).y, floats), target).toBeLessThan(0.2);
      expect(distance((await runners[target](half, { x })).y, floats), target).toBeLessThan(0.02);
    }
  });
});

describe("graphs inside nodes", () => {
  /** Products with a weight of their own and with one from around. */
  function branch(name: string, weight: string, own: Readonly<Record<string, HostTensor>>) {
    return create(GraphProtoSchema, {
      name,
      initializer: Object.entries(own).map(([key, value]) => toTensorProto(value, key)),
      output: [makeValueInfo(`${name}_y`, "float32", [3, 16])],
      node: [op("MatMul", ["x", weight], `${name}_y`)],
    });
  }
  const parts = (): Parts => ({
    inputs: { x, c: tensor("bool", [], [1]) },
    outputs: ["y"],
    constants: { a: random([16, 16], 2) },
    nodes: [
      makeNode("If", ["c"], ["h"], {
        name: "if",
        attributes: {
          then_branch: branch("then", "own", { own: random([16, 16], 5) }),
          else_branch: branch("else", "a", {}),
        },
      }),
      op("MatMul", ["h", "a"], "y"),
    ],
  });

  test.each([
    ["weights alone", { weight: { dtype: "int8" } }],
    ["dynamic", { weight: { dtype: "int8" }, activation: { dtype: "uint8", dynamic: true } }],
    ["blocks", { weight: { dtype: "int8", granularity: { block: 16 } } }],
  ] as const)("%s", async (_, scheme) => {
    const model = modelOf(parts());
    const layers = layersOf(Graph.of(model));
    const assignment = Object.fromEntries(layers.map(({ name }) => [name, scheme]));
    const weights = (layer: (typeof layers)[number], weight: (typeof layer.weights)[number]) => {
      for (let each: Graph | undefined = layer.graph; each !== undefined; each = each.outer) {
        const proto = each.initializers.get(weight.name);
        if (proto === undefined) continue;
        return quantize(
          new Float32Array(valuesOf(tensorValue(proto))),
          weight.shape,
          coreScheme(layer, weight, scheme.weight),
        );
      }
      throw new Error(`${weight.name} is gone`);
    };
    for (const target of runnable) {
      const file = await exportModel({ model, target, assignment, weights });
      expect(Graph.of(file).initializers.has("a"), target).toBe(false);
      for (const c of [0, 1]) {
        const feeds = { x, c: tensor("bool", [], [c]) };
        const { y: floats } = await runners.js(model, feeds);
        expect(distance((await runners[target](file, feeds)).y, floats), `${target} ${c}`).toBeLessThan(0.03);
      }
    }
  });

  test("static activations are refused there", async () => {
    const model = modelOf(parts());
    const scheme = { weight: { dtype: "int8" }, activation: { dtype: "uint8" } } as const;
    await expect(exported(model, "wasm", { "MatMul then_y": scheme })).rejects.toThrow(/graph inside a node/);
  });
});

test("convolutions have all attributes", async () => {
  const image = random([1, 2, 7, 5], 1);
  for (const [auto, begin] of [
    ["SAME_UPPER", [1n, 0n]],
    ["SAME_LOWER", [1n, 1n]],
    ["VALID", [0n, 0n]],
  ] as const) {
    const model = modelOf({
      inputs: { x: image },
      outputs: ["y"],
      constants: { w: random([3, 2, 3, 2], 2) },
      nodes: [op("Conv", ["x", "w"], "y", { auto_pad: auto, strides: [2n, 1n] })],
    });
    const file = await exported(model, "ort-node", { "Conv y": { weight: { dtype: "float16" } } });
    const conv = Graph.of(file).nodes.find(({ opType }) => opType === "Conv");
    expect(getInts(conv!, "kernel_shape")).toEqual([3, 2]);
    expect(getInts(conv!, "pads").slice(0, 2)).toEqual(begin.map(Number));
    expect(conv?.attribute.map(({ name }) => name).toSorted()).toEqual([
      ...["dilations", "group", "kernel_shape", "pads", "strides"],
    ]);
    const { y } = await runners["ort-node"](file, { x: image });
    expect(distance(y, (await runners.js(model, { x: image })).y)).toBeLessThan(1e-3);
  }
});

test("metadata say what made the file", async () => {
  const model = modelOf(twoLayers);
  const assignment = { "MatMul h": int8 };
  const file = await exported(model, "ort-wasm", assignment);
  const again = await exported(file, "wasm", { "MatMul y": int8 });
  const values = (each: ModelProto) =>
    each.metadataProps.filter(({ key }) => key === METADATA_KEY).map(({ value }) => value);
  expect(values(file).map((value) => JSON.parse(value))).toEqual([
    { target: "ort-wasm", encoding: "qdq", assignment },
  ]);
  expect(values(again)).toHaveLength(1);
  expect(values(model)).toEqual([]);
});

test("files hold what codes, scales and zero points take, and nothing else", async () => {
  const model = modelOf({
    inputs: { x: random([3, 256], 1) },
    outputs: ["y"],
    constants: { w: random([256, 32], 2) },
    nodes: [op("MatMul", ["x", "w"], "y")],
  });
  const schemes: readonly WeightScheme[] = [
    { dtype: "int8" },
    { dtype: "int4" },
    { dtype: "int2" },
    { dtype: "float16" },
    { dtype: "int4", granularity: { block: 32 } },
    { dtype: "uint4", granularity: { block: 32 }, mapping: "asymmetric" },
    { dtype: "uint2", granularity: { block: 64 }, mapping: "asymmetric" },
    { dtype: "uint4", mapping: "kmeans" },
    { dtype: "uint4", mapping: "nf4", granularity: { block: 32 } },
  ];
  const [layer] = layersOf(Graph.of(model));
  for (const weight of schemes)
    for (const target of runnable) {
      const assignment = { "MatMul y": { weight } };
      const codes = nearest(model, assignment)(layer!, layer!.weights[0]!);
      const file = parseModel(writeModel(await exported(model, target, assignment)));
      const bytes = [...Graph.of(file).initializers].reduce(
        (sum, proto) => sum + tensorBytes(proto).length,
        0,
      );
      // A float16 without scales stores none.
      const needed = weight.dtype === "float16" ? codes.codes.byteLength : storedBytes(codes);
      expect(bytes, `${target} ${JSON.stringify(weight)}`).toBe(needed);
    }
});

describe("refusals", () => {
  const model = modelOf(twoLayers);
  const activation = { dtype: "uint8" } as const;

  test("name the layer", async () => {
    await expect(exported(model, "wasm", { "MatMul z": int8 })).rejects.toThrow(/"MatMul z".*no layer/);
    const scheme = { weight: { dtype: "float4_e2m1" } } as const;
    await expect(exported(model, "ort-wasm", { "MatMul y": scheme })).rejects.toMatchObject({
      code: "TARGET",
      target: "ort-wasm",
      node: "MatMul y",
    });
    const other = quantize(new Float32Array(4), [2, 2], {
      dtype: "int8",
      granularity: { kind: "tensor" },
      mapping: { kind: "affine", symmetric: true },
    });
    await expect(exported(model, "wasm", { "MatMul h": int8 }, { weights: () => other })).rejects.toThrow(
      /\[2, 2\].*\[16, 16\]/,
    );
  });

  test("of what is missing", async () => {
    const { calibration: _, ...options } = { model, calibration: ranges() };
    const assignment = { "MatMul h": { ...int8, activation } };
    const weights = nearest(model, assignment);
    await expect(exportModel({ ...options, target: "wasm", assignment, weights })).rejects.toThrow(
      /pass `calibration`/,
    );
    const old = modelOf(twoLayers);
    for (const each of old.opsetImport) each.version = 13n;
    await expect(exported(old, "wasm", { "MatMul h": int8 })).rejects.toThrow(/floatModel/);
  });
});
