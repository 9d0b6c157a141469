/** Codes between layers: which operators run on them, in what forms, and that integer results are equal on every runtime. */
import { open } from "@bitbudget/backend-wasm";
import { tensor } from "@bitbudget/core";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import { type Assignment, type LayerScheme, layersOf, type Target } from "../../src/index.ts";
import { distance } from "./distance.ts";
import { exported, modelOf, observed, op, operators, type Parts, random, ranges } from "./models.ts";
import { runnable, runners } from "./runners.ts";

const x = random([1, 3, 8, 8], 1);
const pads = [1n, 1n, 1n, 1n];
const int8: LayerScheme = { weight: { dtype: "int8" }, activation: { dtype: "uint8" } };
const integers = (...values: readonly number[]) =>
  tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
const number = (value: number) => tensor("float32", [], [value]);

function all(model: ModelProto, scheme: LayerScheme): Assignment {
  return Object.fromEntries(
    layersOf(Graph.of(model)).map(({ name, weights }) => [
      name,
      weights.length === 0 ? { activation: scheme.activation ?? { dtype: "uint8" } } : scheme,
    ]),
  );
}

/** A convolution before and one after some nodes from "a" to "b". */
function between(nodes: Parts["nodes"], constants: Parts["constants"] = {}, channels = 4): Parts {
  return {
    inputs: { x },
    outputs: ["y"],
    constants: { w1: random([4, 3, 3, 3], 2), w2: random([4, channels, 1, 1], 3), ...constants },
    nodes: [op("Conv", ["x", "w1"], "a", { pads }), ...nodes, op("Conv", ["b", "w2"], "y")],
  };
}

const movers: Readonly<Record<string, Parts>> = {
  MaxPool: between([op("MaxPool", ["a"], "b", { kernel_shape: [2n, 2n] })]),
  Resize: between([op("Resize", ["a", "", "s"], "b", { mode: "nearest" })], {
    s: tensor("float32", [4], [1, 1, 2, 2]),
  }),
  Pad: between([op("Pad", ["a", "p"], "b")], { p: integers(0, 0, 1, 1, 0, 0, 1, 1) }),
  "Pad with a number": between([op("Pad", ["a", "p", "v"], "b")], {
    p: integers(0, 0, 1, 1, 0, 0, 1, 1),
    v: number(0.5),
  }),
  Transpose: between([op("Transpose", ["a"], "b", { perm: [0n, 1n, 3n, 2n] })]),
  Slice: between([op("Slice", ["a", "f", "t", "i"], "b")], {
    f: integers(1),
    t: integers(5),
    i: integers(2),
  }),
  Reshape: between([op("Reshape", ["a", "s"], "b")], { s: integers(1, 4, 4, 16) }),
  DepthToSpace: between([op("DepthToSpace", ["a"], "b", { blocksize: 2n })], {}, 1),
  Split: between([
    { ...op("Split", ["a"], "p", { axis: 1n, num_outputs: 2n }), output: ["p", "q"] },
    op("Concat", ["q", "p"], "b", { axis: 1n }),
  ]),
  "Concat with a constant": between(
    [op("Concat", ["a", "k"], "b", { axis: 1n })],
    { k: random([1, 2, 8, 8], 7) },
    6,
  ),
  "Relu that others read around": between(
    [op("Relu", ["a"], "r"), op("Concat", ["r", "a"], "b", { axis: 1n })],
    {},
    8,
  ),
};

const arithmetic: Readonly<Record<string, Parts>> = {
  Add: between([op("Add", ["a", "a"], "b")]),
  "Add with a number": between([op("Add", ["a", "k"], "b")], { k: number(0.75) }),
  Mul: between([op("Mul", ["a", "a"], "b")]),
  "Mul by a number": between([op("Mul", ["k", "a"], "b")], { k: number(-0.5) }),
  AveragePool: between([op("AveragePool", ["a"], "b", { kernel_shape: [2n, 2n] })]),
  GlobalAveragePool: between([op("GlobalAveragePool", ["a"], "b")]),
  Sigmoid: between([op("Sigmoid", ["a"], "b")]),
  Softmax: between([op("Softmax", ["a"], "b")]),
  LeakyRelu: between([op("LeakyRelu", ["a"], "b", { alpha: 0.1 })]),
  Clip: between([op("Add", ["a", "a"], "s"), op("Clip", ["s", "low", "high"], "b")], {
    low: number(-0.5),
    high: number(0.25),
  }),
};

/** How many quantizers of floats there are: one at the start, and after each operator that computes. */
function quantizers(file: ModelProto): number {
  return operators(file).filter((opType) => opType === "QuantizeLinear").length;
}

describe("operators that move codes", () => {
  test.each(Object.entries(movers))("%s", async (_, parts) => {
    const model = modelOf(parts);
    const calibration = await observed(model, parts.inputs);
    const results: (number[] | undefined)[] = [];
    for (const target of runnable) {
      const file = await exported(model, target, all(model, int8), { calibration });
      // The image, the first convolution, and on onnxruntime the second one.
      expect(quantizers(file)).toBe(target.startsWith("ort") ? 3 : 2);
      results.push((await runners[target](file, parts.inputs)).y);
    }
    const { y: floats } = await runners.js(model, parts.inputs);
    for (const y of results) expect(distance(y, floats)).toBeLessThan(0.04);
    expect(results[2]).toEqual(results[3]);
  });
});

describe("operators that compute on codes", () => {
  test.each(Object.entries(arithmetic))("%s", async (_, parts) => {
    const model = modelOf(parts);
    const calibration = await observed(model, parts.inputs);
    const { y: floats } = await runners.js(model, parts.inputs);
    for (const target of runnable) {
      const explicit = await exported(model, target, all(model, int8), {
        calibration,
        encoding: "qoperator",
      });
      // Nothing is decoded before the end.
      const decoders = operators(explicit).filter((opType) => opType === "DequantizeLinear").length;
      expect(decoders, `${target} ${operators(explicit).join()}`).toBeLessThanOrEqual(
        target.startsWith("ort") ? 1 : 3,
      );
      for (const file of [explicit, await exported(model, target, all(model, int8), { calibration })])
        expect(distance((await runners[target](file, parts.inputs)).y, floats), target).toBeLessThan(0.05);
    }
  });

  test("constants of several numbers stay floats, and what they are added to with them", async () => {
    const parts = between([op("Sigmoid", ["a"], "s"), op("Add", ["s", "k"], "b")], {
      k: random([1, 4, 8, 8], 7, -1000, 0),
    });
    const model = modelOf(parts);
    const file = await exported(model, "ort-node", all(model, int8), {
      calibration: await observed(model, parts.inputs),
    });
    expect(operators(file)).toContain("Add");
    expect(Graph.of(file).initializers.has("k")).toBe(true);
  });
});

describe("integer results", () => {
  const parts: Parts = {
    inputs: { x },
    outputs: ["y"],
    constants: {
      w1: random([8, 3, 3, 3], 2),
      b1: random([8], 3),
      w2: random([8, 1, 3, 3], 4),
      w3: random([6, 8, 1, 1], 5),
      b3: random([6], 6),
    },
    nodes: [
      op("Conv", ["x", "w1", "b1"], "c1", { pads }),
      op("Relu", ["c1"], "r1"),
      op("Conv", ["r1", "w2"], "c2", { pads, group: 8n }),
      op("Relu", ["c2"], "r2"),
      op("Conv", ["r2", "w3", "b3"], "c3"),
      // Reduces, so that the result of the last convolution is codes on every target.
      op("MaxPool", ["c3"], "y", { kernel_shape: [2n, 2n], strides: [2n, 2n] }),
    ],
  };

  test.each([
    ["uint8 and int8", int8],
    ["int8 and int8", { weight: { dtype: "int8" }, activation: { dtype: "int8" } }],
    ["uint8 and int4", { weight: { dtype: "int4" }, activation: { dtype: "uint8" } }],
    [
      "uint8 and uint8 with zero points",
      { weight: { dtype: "uint8", mapping: "asymmetric" }, activation: { dtype: "uint8" } },
    ],
    ["uint4 and int8", { weight: { dtype: "int8" }, activation: { dtype: "uint4" } }],
  ] as const)("%s: every runtime gives the same codes", async (_, scheme) => {
    const model = modelOf(parts);
    const calibration = await observed(model, parts.inputs);
    const results: [string, number[] | undefined][] = [];
    for (const encoding of ["qdq", "qoperator"] as const)
      for (const target of runnable) {
        const file = await exported(model, target, all(model, scheme), { calibration, encoding });
        results.push([`${target} ${encoding}`, (await runners[target](file, parts.inputs)).y]);
      }
    for (const [name, y] of results) expect(y, name).toEqual(results[0]?.[1]);
    expect(new Set(results[0]?.[1]).size).toBeGreaterThan(5);
  });
});

describe("attention", () => {
  const tokens = random([2, 5, 8], 1);
  const parts: Parts = {
    inputs: { x: tokens },
    outputs: ["y"],
    constants: {
      ...{
        wq: random([8, 8], 2),
        wk: random([8, 8], 3),
        wv: random([8, 8], 4),
        wo: random([8, 8], 5),
        b: random([8], 6),
      },
      ...{ s: number(0.35), mask: random([5, 5], 7, -100, 0) },
    },
    nodes: [
      op("MatMul", ["x", "wq"], "q0"),
      op("Add", ["q0", "b"], "q"),
      op("MatMul", ["x", "wk"], "k0"),
      op("Transpose", ["k0"], "k", { perm: [0n, 2n, 1n] }),
      op("MatMul", ["x", "wv"], "v"),
      op("MatMul", ["q", "k"], "qk"),
      op("Mul", ["qk", "s"], "scaled"),
      op("Add", ["scaled", "mask"], "scores"),
      op("Softmax", ["scores"], "p"),
      op("MatMul", ["p", "v"], "o"),
      op("MatMul", ["o", "wo"], "y"),
    ],
  };

  test("products of two activations run on codes, masks stay floats", async () => {
    const model = modelOf(parts);
    const calibration = await observed(model, parts.inputs);
    const { y: floats } = await runners.js(model, parts.inputs);
    for (const target of runnable)
      for (const encoding of ["qdq", "qoperator"] as const) {
        const file = await exported(model, target, all(model, int8), { calibration, encoding });
        expect(distance((await runners[target](file, parts.inputs)).y, floats), target).toBeLessThan(0.05);
        if (encoding === "qdq") continue;
        const left = operators(file).filter((opType) => opType === "MatMul");
        expect(left, target).toEqual([]);
      }
  });
});

describe("ranges and formats", () => {
  test("a bias that int32 codes of tiny weights do not hold gets larger scales", async () => {
    const weights = random([4, 3, 3, 3], 2);
    weights.data.fill(1e-12, 0, 27);
    const parts: Parts = {
      inputs: { x },
      outputs: ["y"],
      constants: { w: weights, b: tensor("float32", [4], [3, 0.1, -0.1, 0]) },
      nodes: [op("Conv", ["x", "w", "b"], "c"), op("MaxPool", ["c"], "y", { kernel_shape: [2n, 2n] })],
    };
    const model = modelOf(parts);
    const calibration = await observed(model, parts.inputs);
    const { y: floats } = await runners.js(model, parts.inputs);
    for (const target of runnable) {
      const file = await exported(model, target, all(model, int8), { calibration });
      expect(distance((await runners[target](file, parts.inputs)).y, floats), target).toBeLessThan(0.03);
    }
  });

  test("layers may ask for different formats, and some stay float", async () => {
    const parts: Parts = {
      inputs: { x },
      outputs: ["y"],
      constants: {
        w1: random([4, 3, 1, 1], 2),
        w2: random([4, 4, 1, 1], 3),
        w3: random([4, 4, 1, 1], 4),
        w4: random([4, 4, 1, 1], 5),
      },
      nodes: [
        op("Conv", ["x", "w1"], "a"),
        op("Conv", ["a", "w2"], "b"),
        op("Conv", ["a", "w3"], "c"),
        op("Conv", ["a", "w4"], "d"),
        op("Add", ["b", "c"], "e"),
        op("Add", ["e", "d"], "y"),
      ],
    };
    const model = modelOf(parts);
    const calibration = await observed(model, parts.inputs);
    const assignment: Assignment = {
      "Conv a": int8,
      "Conv b": { weight: { dtype: "int8" }, activation: { dtype: "uint4" } },
      "Conv c": { weight: { dtype: "int8" }, activation: { dtype: "uint16" } },
    };
    const { y: floats } = await runners.js(model, parts.inputs);
    for (const target of runnable) {
      const file = await exported(model, target, assignment, { calibration });
      expect(distance((await runners[target](file, parts.inputs)).y, floats), target).toBeLessThan(0.15);
    }
  });

  test("bounds that no range ends at are limits of codes", async () => {
    const parts = between([op("Relu", ["a"], "b")]);
    const model = modelOf(parts);
    const calibration = await observed(model, parts.inputs);
    // Wider than what Relu leaves: its codes do not end at 0.
    const wide = ranges({ x: { min: -1, max: 1 } }, { min: -8, max: 8 });
    const file = await exported(model, "wasm", all(model, int8), { calibration: wide });
    expect(operators(file)).toContain("Clip");
    const tight = await exported(model, "wasm", all(model, int8), { calibration });
    expect(operators(tight)).not.toContain("Clip");
    expect(operators(tight)).not.toContain("Relu");
    const { y: floats } = await runners.js(model, parts.inputs);
    expect(distance((await runners.wasm(file, parts.inputs)).y, floats)).toBeLessThan(0.1);
  });

  test("products of matrices take in what is added to them", async () => {
    const parts: Parts = {
      inputs: { x: random([3, 16], 1) },
      outputs: ["y"],
      constants: { w: random([16, 4], 2), b: random([1, 4], 3) },
      nodes: [op("MatMul", ["x", "w"], "h"), op("Add", ["h", "b"], "y")],
    };
    const model = modelOf(parts);
    const calibration = await observed(model, parts.inputs);
    const { y: floats } = await runners.js(model, parts.inputs);
    for (const target of runnable) {
      const file = await exported(
        model,
        target,
        { "MatMul h": int8 },
        { calibration, encoding: "qoperator" },
      );
      expect(operators(file)).toEqual(["QuantizeLinear", "QGemm"]);
      expect(distance((await runners[target](file, parts.inputs)).y, floats), target).toBeLessThan(0.02);
    }
  });
});

test("our kernels compute on codes between all of these", async () => {
  await using backend = await open();
  for (const [name, parts] of Object.entries({ ...movers, ...arithmetic })) {
    const model = modelOf(parts);
    const target: Target = "wasm";
    const file = await exported(model, target, all(model, int8), {
      calibration: await observed(model, parts.inputs),
    });
    await using session = await createSession(file, { backend });
    await session.run(parts.inputs);
    const rows = session.plan?.rows ?? [];
    const layers = rows.filter(({ kernel }) => kernel.startsWith("conv2d"));
    expect(
      layers.map(({ kernel }) => kernel.startsWith("conv2d uint8 x int8")),
      name,
    ).toEqual([true, true]);
    expect(
      rows.filter(({ how }) => how === "decoded").map(({ kernel }) => kernel),
      name,
    ).toEqual([]);
  }
});
