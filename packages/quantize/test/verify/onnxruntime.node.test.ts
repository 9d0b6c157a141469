/** The same models in onnxruntime-web and onnxruntime-node, and models that these do not load. */
import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-wasm";
import { type DType, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { type ModelProto, makeNode } from "@bitbudget/onnx";
import * as node from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onnxruntimeRunner, type RunnerFactory, sessionRunner, verify } from "../../src/index.ts";
import { f32, floatNet, imageBatches, model, quantizedNet, randoms, scalarOf } from "../support/models.ts";

web.env.wasm.numThreads = 1;
const runtimes: Readonly<Record<string, RunnerFactory>> = {
  "ort-node": (given) =>
    onnxruntimeRunner(node, given, { name: "ort-node", options: { logSeverityLevel: 4 } }),
  "ort-wasm": (given) =>
    onnxruntimeRunner(web, given, {
      name: "ort-wasm",
      options: { executionProviders: ["wasm"], logSeverityLevel: 4 },
    }),
};
const names = Object.keys(runtimes);

let backend: Backend;
beforeAll(async () => {
  backend = await open({ threads: 1 });
});
afterAll(() => backend.dispose());
const ours: RunnerFactory = (given) => sessionRunner(given, { backend, name: "ours" });

describe("onnxruntime as a runner", () => {
  test.each([
    ["float", floatNet()],
    ["quantized", quantizedNet()],
  ])("gives what this runtime gives: %s", async (_, net) => {
    const report = await verify(net, { runners: { ours, ...runtimes }, batches: imageBatches() });
    for (const { sameAsFirst, drifts } of report.runners.slice(1))
      expect([sameAsFirst, drifts]).toEqual([{ same: 6, of: 6 }, false]);
  });

  test.each(names)("%s captures values between", async (name) => {
    const runner = await runtimes[name]!(quantizedNet());
    const own = await ours(quantizedNet());
    const [{ feeds }] = imageBatches(1) as [ReturnType<typeof imageBatches>[number]];
    const capture = ["r1q", "c2", "r2q"];
    const [a, b] = [await runner.run(feeds, capture), await own.run(feeds, capture)];
    expect(Object.keys(a).sort()).toEqual(["c2", "r1q", "r2q", "scores"]);
    expect(a.r1q?.dtype).toBe("uint8");
    expect(Array.from(valuesOf(a.r1q!))).toEqual(Array.from(valuesOf(b.r1q!)));
    expect((await runner.run(feeds)).r1q).toBeUndefined();
    await runner.dispose();
    await own.dispose();
  });

  const all: readonly DType[] = [
    ...([
      "float32",
      "float64",
      "float16",
      "bfloat16",
      "float8_e4m3fn",
      "float8_e5m2",
      "int64",
      "uint64",
    ] as const),
    ...(["int32", "uint32", "int16", "uint16", "int8", "uint8", "int4", "uint4", "bool"] as const),
  ];
  test.each(names.flatMap((name) => all.map((dtype) => [name, dtype] as const)))(
    "%s takes and gives %s",
    async (name, dtype) => {
      const info = [dtype, ["n"]] as const;
      const same = model(
        [makeNode("Identity", ["x"], ["y"], { name: "same" })],
        {},
        [["x", ...info]],
        [["y", ...info]],
      );
      const x = numbers(dtype);
      const runner = await runtimes[name]!(same);
      const { y } = await runner.run({ x });
      expect(y).toEqual(x);
      await runner.dispose();
    },
  );

  test.each(names)("%s: names a DequantizeLinear of float4, which it has no kernel for", async (name) => {
    const float4 = model(
      [
        makeNode("Relu", ["x"], ["r"], { name: "relu" }),
        makeNode("DequantizeLinear", ["w", "s"], ["wf"], { name: "decode" }),
        makeNode("MatMul", ["r", "wf"], ["y"], { name: "product" }),
      ],
      { w: tensor("float4_e2m1", [2, 2], [1, 2, 3, 4]), s: scalarOf("float32", 1) },
      [["x", "float32", [1, 2]]],
      [["y", "float32", [1, 2]]],
      23n,
    );
    await expectLoadFault(name, float4, { name: "decode", opType: "DequantizeLinear", value: "wf" });
  });

  test.each(names)("%s: names a QLinearMatMul of int8 with uint8 weights", async (name) => {
    await expectLoadFault(name, qlinear("int8", "uint8"), {
      name: "qmm",
      opType: "QLinearMatMul",
      value: "y",
    });
    const runner = await runtimes[name]!(qlinear("uint8", "int8"));
    await runner.dispose();
  });

  test.each(names)("%s: names a node whose message has no name in the web build", async (name) => {
    const wrong = model(
      [
        makeNode("MatMul", ["x", "w"], ["h"], { name: "m1" }),
        makeNode("Relu", ["h"], ["r"], { name: "relu" }),
        makeNode("MatMul", ["r", "w"], ["y"], { name: "m2" }),
      ],
      { w: tensor("float32", [2, 3], [1, 2, 3, 4, 5, 6]) },
      [["x", "float32", [1, 2]]],
      [["y", "float32", [1, 3]]],
    );
    await expectLoadFault(name, wrong, { name: "m2", opType: "MatMul", value: "y" });
  });

  test.each(names)("%s: names a node without a name by its output", async (name) => {
    const wrong = model(
      [makeNode("Relu", ["x"], ["r"]), makeNode("Conv", ["r", "w"], ["y"])],
      { w: tensor("int8", [1, 1, 1, 1], [1]) },
      [["x", "float32", [1, 1, 2, 2]]],
      [["y", "float32", [1, 1, 2, 2]]],
    );
    await expectLoadFault(name, wrong, { name: "y", opType: "Conv", value: "y" });
  });

  test.each(names)(
    "%s: names a Softmax that it computes from a table of its own, between codes",
    async (name) => {
      const q = (x: string, to: string) =>
        makeNode("QuantizeLinear", [x, `${to}_s`, "z"], [to], { name: `q_${to}` });
      const dq = (x: string, to: string) =>
        makeNode("DequantizeLinear", [x, `${x}_s`, "z"], [to], { name: `dq_${x}` });
      const scores = model(
        [
          q("x", "xq"),
          dq("xq", "xf"),
          makeNode("Softmax", ["xf"], ["p"], { name: "softmax", attributes: { axis: -1n } }),
          q("p", "pq"),
          dq("pq", "y"),
        ],
        { xq_s: scalarOf("float32", 0.15), pq_s: scalarOf("float32", 1 / 255), z: scalarOf("uint8", 0) },
        [["x", "float32", ["n", 16]]],
        [["y", "float32", ["n", 16]]],
        13n,
      );
      const x = randoms(7, 50, 16);
      const batches = [
        {
          feeds: {
            x: tensor(
              "float32",
              x.shape,
              x.data.map((each) => 16 + 16 * each),
            ),
          },
          targets: {},
        },
      ];
      const runners = { ours, [name]: runtimes[name]! };
      await expect(verify(scores, { runners, batches })).rejects.toMatchObject({
        fault: {
          kind: "values",
          node: { name: "softmax" },
          group: ["dq_xq", "softmax", "q_pq"],
          difference: { maxAbs: 1 },
        },
      });
      // One code is all that it is apart, if not in a few elements only.
      const report = await verify(scores, { runners, batches, tolerance: { share: 0.5 } });
      expect(report.runners[1]?.drifts).toBe(false);
    },
  );

  async function expectLoadFault(name: string, wrong: ModelProto, faulty: object): Promise<void> {
    const runners = { [name]: runtimes[name]! };
    await expect(verify(wrong, { runners, batches: [] })).rejects.toMatchObject({
      name: "VerificationError",
      fault: { kind: "load", runner: name, node: faulty },
    });
  }
});

function numbers(dtype: DType): HostTensor {
  if (dtype === "int64" || dtype === "uint64") return tensor(dtype, [3], [1n, 2n ** 60n + 1n, 0n]);
  if (dtype === "bool") return tensor("bool", [3], new Uint8Array([1, 0, 1]));
  return tensor<DType>(dtype, [3], Array.from(f32(1, dtype.startsWith("u") ? 7 : -3, 0).data));
}

function qlinear(activation: "int8" | "uint8", weight: "int8" | "uint8"): ModelProto {
  return model(
    [makeNode("QLinearMatMul", ["x", "s", "xz", "w", "s", "wz", "s", "xz"], ["y"], { name: "qmm" })],
    {
      w: tensor<DType>(weight, [2, 2], [1, 2, 3, 4]),
      s: scalarOf("float32", 1),
      xz: scalarOf(activation, 0),
      wz: scalarOf(weight, 0),
    },
    [["x", activation, [1, 2]]],
    [["y", activation, [1, 2]]],
  );
}
