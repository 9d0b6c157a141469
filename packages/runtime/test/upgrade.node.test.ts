/**
 * Models of old opsets and what `upgradeOpset` makes of them: the same results here, and the same in onnxruntime, which
 * has operators of every opset.
 */
import { readFileSync } from "node:fs";
import type { Backend } from "@bitbudget/backend";
import { open as openJs } from "@bitbudget/backend-js";
import { open as openWasm } from "@bitbudget/backend-wasm";
import { type HostTensor, tensor } from "@bitbudget/core";
import {
  checkModel,
  type ModelProto,
  opsetVersion,
  opsetVersions,
  parseModel,
  upgradeOpset,
} from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import { createSession, type Feeds, type Results } from "../src/index.ts";
import { type Case, ints, node } from "./support/node-cases.ts";
import { findNodeTests, modelOfNodeTest, runNodeTest } from "./support/node-tests.ts";
import { oneNode } from "./support/one-node.ts";
import { Onnxruntime } from "./support/onnxruntime.ts";
import { randomFloats, randomIntegers } from "./support/random.ts";
import { realModels } from "./support/real-models.ts";
import { runAll } from "./support/real-results.ts";
import { haveShared, shared } from "./support/shared.ts";

const image = randomFloats([2, 4, 5, 6], 1);
const cube = randomFloats([2, 3, 4], 2);
const vector = (length: number, seed: number, bound = 1) => randomFloats([length], seed, bound);
const positive = (length: number) =>
  tensor(
    "float32",
    [length],
    vector(length, 9).data.map((x) => 1 + Math.abs(x)),
  );
const end = 2n ** 63n - 1n;

const cases: readonly Case[] = [
  ...["Softmax", "LogSoftmax", "Hardmax"].flatMap((opType) =>
    [undefined, 0n, 1n, 2n, -1n, -2n]
      .filter((axis) => axis === undefined || axis >= 0n)
      .map((axis): Case => {
        const attributes = axis === undefined ? {} : { axis };
        return [`${opType} 9, axis ${axis ?? "left out"}`, node(opType, [cube], { opset: 9, attributes })];
      }),
  ),
  ["Softmax 12, axis -2", node("Softmax", [cube], { opset: 12, attributes: { axis: -2n } })],
  [
    "Squeeze 11",
    node("Squeeze", [randomFloats([1, 3, 1], 1)], { opset: 11, attributes: { axes: ints(-1) } }),
  ],
  ["Squeeze 11 without axes", node("Squeeze", [randomFloats([1, 3, 1], 1)], { opset: 11 })],
  ["Unsqueeze 11", node("Unsqueeze", [cube], { opset: 11, attributes: { axes: ints(0, 4) } })],
  ...["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"].flatMap((name) =>
    [{ axes: ints(1, 2) }, { axes: ints(0), keepdims: 0n }, {}].map(
      (attributes): Case => [
        `Reduce${name} 11 ${Object.keys(attributes)}`,
        node(`Reduce${name}`, [cube], { opset: 11, attributes }),
      ],
    ),
  ),
  ["ReduceMean 13", node("ReduceMean", [cube], { opset: 13, attributes: { axes: ints(-1) } })],
  ["ReduceLogSum 17", node("ReduceLogSum", [positive(4)], { opset: 17, attributes: { axes: ints(0) } })],
  [
    "Split 11",
    node("Split", [image], {
      opset: 11,
      attributes: { axis: 1n, split: ints(1, 3) },
      outputs: ["float32", "float32"],
    }),
  ],
  [
    "Split 12 into equal parts",
    node("Split", [image], {
      opset: 12,
      attributes: { axis: 3n },
      outputs: ["float32", "float32", "float32"],
    }),
  ],
  [
    "Split 13 into equal parts",
    node("Split", [image], { opset: 13, attributes: { axis: 1n }, outputs: ["float32", "float32"] }),
  ],
  [
    "Split 13",
    node("Split", [image, tensor("int64", [2], ints(1, 3))], {
      opset: 13,
      attributes: { axis: 1n },
      outputs: ["float32", "float32"],
    }),
  ],
  ["Clip 7", node("Clip", [cube], { opset: 7, attributes: { min: -0.25, max: 0.5 } })],
  ["Clip 10 from below", node("Clip", [cube], { opset: 10, attributes: { min: 0.125 } })],
  ["Clip 10 of nothing", node("Clip", [cube], { opset: 10 })],
  [
    "Pad 7",
    node("Pad", [image], { opset: 7, attributes: { pads: ints(0, 0, 1, 2, 0, 0, 3, 0), value: 1.5 } }),
  ],
  [
    "Pad 10 by reflection",
    node("Pad", [image], { opset: 10, attributes: { pads: ints(0, 0, 1, 2, 0, 0, 3, 0), mode: "reflect" } }),
  ],
  [
    "Slice 7",
    node("Slice", [image], {
      opset: 7,
      attributes: { starts: ints(1, -4), ends: [4n, end], axes: ints(2, 3) },
    }),
  ],
  [
    "Slice 9 without axes",
    node("Slice", [image], { opset: 9, attributes: { starts: ints(0, 1), ends: ints(1, 3) } }),
  ],
  [
    "TopK 9",
    node("TopK", [cube], { opset: 9, attributes: { k: 2n, axis: 1n }, outputs: ["float32", "int64"] }),
  ],
  ["Dropout 7", node("Dropout", [cube], { opset: 7, attributes: { ratio: 0.25 } })],
  ["Dropout 11", node("Dropout", [cube], { opset: 11 })],
  ...[7, 8, 9, 13].map(
    (opset): Case => [
      `BatchNormalization ${opset}`,
      node("BatchNormalization", [image, vector(4, 2), vector(4, 3), vector(4, 4), positive(4)], {
        opset,
        attributes: { epsilon: 1e-2, momentum: 0.8, ...(opset < 9 ? { spatial: 1n } : {}) },
      }),
    ],
  ),
  [
    "Upsample 7",
    node("Upsample", [image], { opset: 7, attributes: { scales: Float32Array.of(1, 1, 2, 3) } }),
  ],
  ["Upsample 9", node("Upsample", [image, tensor("float32", [4], [1, 1, 2, 2.5])], { opset: 9 })],
  [
    "Upsample 9, linear",
    node("Upsample", [image, tensor("float32", [4], [1, 1, 2, 2])], {
      opset: 9,
      attributes: { mode: "linear" },
    }),
  ],
  ["Resize 10", node("Resize", [image, tensor("float32", [4], [1, 1, 2, 1.5])], { opset: 10 })],
  [
    "Resize 10 to a half",
    node("Resize", [randomFloats([1, 2, 6, 4], 1), tensor("float32", [4], [1, 1, 0.5, 0.5])], { opset: 10 }),
  ],
  [
    "Resize 10, linear",
    node("Resize", [image, tensor("float32", [4], [1, 1, 0.6, 1.5])], {
      opset: 10,
      attributes: { mode: "linear" },
    }),
  ],
  [
    "Resize 11",
    node("Resize", [image, tensor("float32", [0], []), tensor("float32", [4], [1, 1, 2, 2])], {
      opset: 11,
      attributes: { mode: "cubic" },
    }),
  ],
  [
    "Scatter 9",
    node("Scatter", [cube, randomIntegers("int64", [1, 3, 4], 3, 0, 2), randomFloats([1, 3, 4], 4)], {
      opset: 9,
    }),
  ],
  [
    "GroupNormalization 18",
    node("GroupNormalization", [image, vector(2, 2), vector(2, 3)], {
      opset: 18,
      attributes: { num_groups: 2n },
    }),
  ],
  [
    "GridSample 16",
    node("GridSample", [image, randomFloats([2, 3, 3, 2], 5)], {
      opset: 16,
      attributes: { mode: "bicubic" },
    }),
  ],
  ["GridSample 16 by default", node("GridSample", [image, randomFloats([2, 3, 3, 2], 5)], { opset: 16 })],
  ["DFT 17", node("DFT", [randomFloats([2, 6, 1], 1)], { opset: 17 })],
  [
    "RoiAlign 10",
    node(
      "RoiAlign",
      [image, tensor("float32", [2, 4], [0, 0, 3, 3, 1, 1, 4, 4]), tensor("int64", [2], ints(0, 1))],
      { opset: 10, attributes: { output_height: 2n, output_width: 2n, sampling_ratio: 2n } },
    ),
  ],
  [
    "MaxPool 7",
    node("MaxPool", [image], {
      opset: 7,
      attributes: { kernel_shape: ints(2, 2), strides: ints(2, 2), auto_pad: "SAME_UPPER" },
    }),
  ],
  [
    "AveragePool 9",
    node("AveragePool", [image], {
      opset: 9,
      attributes: { kernel_shape: ints(3, 3), pads: ints(1, 1, 1, 1) },
    }),
  ],
  ["Flatten 9", node("Flatten", [image], { opset: 9, attributes: { axis: 2n } })],
  [
    "Gemm 7",
    node("Gemm", [randomFloats([2, 3], 1), randomFloats([4, 3], 2), vector(4, 3)], {
      opset: 7,
      attributes: { transB: 1n, alpha: 0.5 },
    }),
  ],
  ["Concat 7", node("Concat", [cube, cube], { opset: 7, attributes: { axis: 1n } })],
  ["ArgMax 7", node("ArgMax", [cube], { opset: 7, attributes: { axis: 1n }, outputs: ["int64"] })],
  [
    "LSTM 7",
    node("LSTM", [randomFloats([3, 2, 4], 1), randomFloats([1, 12, 4], 2), randomFloats([1, 12, 3], 3)], {
      opset: 7,
      attributes: { hidden_size: 3n },
    }),
  ],
  ["PRelu 7", node("PRelu", [cube, vector(4, 3)], { opset: 7 })],
];

/** Not in onnxruntime, or other numbers there: compared here alone. */
const ours = new Set(["GroupNormalization 18"]);

describe("a node of an old opset", () => {
  test.each(cases)("%s", async (name, one) => {
    const { model, feeds } = oneNode(one);
    const upgraded = upgradeOpset(model);
    checkModel(upgraded);
    expect(opsetVersion(upgraded)).toBe(21);
    expect(await here(upgraded, feeds)).toEqual(await here(model, feeds));
    if (!ours.has(name)) expectClose(await there(upgraded, feeds), await there(model, feeds));
  });
});

/** A Scan over a batch of sequences, which `upgradeOpset` refuses. */
const refused = new Set(["test_scan_sum"]);
const nodeTests = findNodeTests();

describe.runIf(nodeTests !== undefined)("ONNX's operator tests of old opsets", () => {
  test("pass where they did", async () => {
    await using backend = await openJs();
    let passed = 0;
    for (const each of nodeTests ?? []) {
      const model = modelOfNodeTest(each);
      const opset = opsetVersions(model.opsetImport).get("") ?? 0;
      if (opset < 7 || opset >= 21 || refused.has(each.name)) continue;
      const outcome = await runNodeTest(each, backend, upgradeOpset(model));
      if (outcome.kind === "passed") passed++;
      else expect(outcome, each.name).toEqual(await runNodeTest(each, backend));
    }
    console.log(`${passed} operator tests of opsets 7 to 20 pass in opset 21`);
    expect(passed).toBeGreaterThan(400);
  }, 60_000);
});

const fast = () => openWasm({ threads: 1 });

describe.runIf(haveShared("models", "real models"))("real models", () => {
  test.each(realModels.map((model) => [model.name, model] as const))(
    "%s",
    async (name, model) => {
      const proto = parseModel(readFileSync(shared(`models/${name}.onnx`)));
      const feeds = (await model.feeds()).slice(0, 2);
      const upgraded = upgradeOpset(proto);
      checkModel(upgraded);
      expect(await runAll(model, feeds, (each) => here(upgraded, each, fast))).toEqual(
        await runAll(model, feeds, (each) => here(proto, each, fast)),
      );
      const [after, before] = [upgraded, proto].map((each) =>
        runAll(model, feeds, (one) => there(each, one)),
      );
      for (const [i, results] of (await before!).entries()) expectClose((await after!)[i]!, results);
    },
    60_000,
  );
});

async function here(
  model: ModelProto,
  feeds: Feeds,
  open: () => Promise<Backend> = openJs,
): Promise<Results> {
  await using backend = await open();
  await using session = await createSession(model, { backend });
  return await session.run(feeds);
}

async function there(model: ModelProto, feeds: Feeds): Promise<Results> {
  await using session = await Onnxruntime.open(model);
  return await session.run(feeds);
}

/** Other kernels may run another form of an operator, in other order of sums. */
function expectClose(found: Results, expected: Results): void {
  for (const [name, wanted] of Object.entries(expected)) {
    const given: HostTensor | undefined = found[name];
    expect([given?.dtype, given?.shape], name).toEqual([wanted.dtype, wanted.shape]);
    for (let i = 0; i < wanted.data.length; i++) {
      const [a, b] = [Number(given!.data[i]), Number(wanted.data[i])];
      expect(Math.abs(a - b), `${name}[${i}]: ${a}, before ${b}`).toBeLessThan(1e-5 * (1 + Math.abs(b)));
    }
  }
}
