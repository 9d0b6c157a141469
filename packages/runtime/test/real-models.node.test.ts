/**
 * Real models, float and quantized, on each backend and in onnxruntime. Each test prints what it compared. Float models
 * keep to a derived bound (`floatBound`). Models of static codes give the same codes but for a few that fall on a tie:
 * onnxruntime itself has two results for them, of the nodes as they are and of nodes that it fuses, and it is the nearer
 * one that counts. Models that quantize while they run amplify every tie, in onnxruntime too: they are compared as
 * language models, and must be nearer to onnxruntime than quantization is to the float model.
 */
import { readFileSync } from "node:fs";
import type { Backend } from "@bitbudget/backend";
import { open as openJs } from "@bitbudget/backend-js";
import { open as openWasm } from "@bitbudget/backend-wasm";
import { valuesOf } from "@bitbudget/core";
import { parseModel, tensorValue } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSession, type Feeds, type Results } from "../src/index.ts";
import { Onnxruntime } from "./support/onnxruntime.ts";
import { type RealModel, realModels } from "./support/real-models.ts";
import { distance, floatBound, nats, outputStep, runAll } from "./support/real-results.ts";
import { haveShared, shared } from "./support/shared.ts";

/** Share of codes that may be one apart. */
const TIES = 0.05;

/** Milliseconds for one model: on a busy machine the reference backend takes its time. */
const PATIENCE = 60_000;

const backends = [
  ["js", openJs],
  ["wasm", () => openWasm({ threads: 1 })],
  ["wasm, two threads", () => openWasm({ threads: 2 })],
] as const;

/** That of the tests that run. */
let backend: Backend;

function fileOf(model: RealModel, version: string): Uint8Array {
  const path = version === "" ? `${model.name}.onnx` : `quantized/${model.name}.${version}.onnx`;
  return readFileSync(shared(`models/${path}`));
}

async function runHere(model: RealModel, file: Uint8Array, feeds: readonly Feeds[]): Promise<Results[]> {
  await using session = await createSession(file, { backend });
  return await runAll(model, feeds, (each) => session.run(each));
}

async function runThere(
  model: RealModel,
  file: Uint8Array,
  feeds: readonly Feeds[],
  fused: "all" | "disabled" = "disabled",
): Promise<Results[]> {
  await using session = await Onnxruntime.open(file, fused);
  return await runAll(model, feeds, (each) => session.run(each));
}

describe.runIf(haveShared("models", "real models")).each(backends)("real models on %s", (_, open) => {
  beforeAll(async () => {
    backend = await open();
  });
  afterAll(() => backend.dispose());

  const floats = realModels.map((model) => [model.name, "", model] as const);
  const codes = realModels.flatMap((model) =>
    (model.quantized ?? []).map((version) => [model.name, version, model] as const),
  );
  const among = (...versions: string[]) => codes.filter(([, version]) => versions.includes(version));

  test.each([...floats, ...among("int4-matmulnbits")])(
    "%s %s",
    async (name, version, model) => {
      const [file, feeds] = [fileOf(model, version), await model.feeds()];
      const found = distance(await runHere(model, file, feeds), await runThere(model, file, feeds));
      const bound = floatBound(parseModel(file), found.magnitude);
      console.log(
        `${backend.name}: ${name}, ${version || "float"}, ${model.inputs}: ${found.elements} elements, largest difference ${found.largest.toExponential(1)} ` +
          `(bound ${bound.toExponential(1)}), ${found.equalPredictions} of ${found.predictions} predictions equal`,
      );
      expect(found.largest).toBeLessThanOrEqual(bound);
      expect(found.equalPredictions).toBe(found.predictions);
    },
    PATIENCE,
  );

  test.each([
    ["charrnn_shakespeare_lstm", "", "native"],
    ["charrnn_shakespeare_lstm", "int8-dynamic", "decoded"],
    ["silero_vad_16k_op15", "", "native"],
  ])(
    "%s %s has kernels for its recurrent layers",
    async (name, version, how) => {
      const model = realModels.find((each) => each.name === name)!;
      await using session = await createSession(fileOf(model, version), { backend });
      await session.run((await model.feeds())[0]!);
      const rows = session.plan?.rows.filter(({ opType }) => opType.endsWith("LSTM")) ?? [];
      expect(new Set(rows.map((row) => `${row.kernel.split(" ")[0]}, ${row.how}`))).toEqual(
        new Set(["linear, native", `recurrent, ${how}`]),
      );
    },
    PATIENCE,
  );

  test.each(among("int8-qdq", "int8-qoperator"))(
    "%s %s",
    async (name, version, model) => {
      const [file, feeds] = [fileOf(model, version), await model.feeds()];
      const proto = parseModel(file);
      const step = outputStep(proto, (scale) => {
        const tensor = proto.graph?.initializer.find((each) => each.name === scale);
        return tensor === undefined ? Number.NaN : (valuesOf(tensorValue(tensor))[0] ?? Number.NaN);
      });
      expect(step).toBeGreaterThan(0);
      const here = await runHere(model, file, feeds);
      const both = [];
      for (const fused of ["disabled", "all"] as const)
        both.push(distance(here, await runThere(model, file, feeds, fused), step));
      const [asWritten, fused] = both.map(
        ({ differing, largest }) => `${differing} (by at most ${Math.round(largest / (step ?? 1))})`,
      );
      const found = both.toSorted((a, b) => a.differing - b.differing)[0]!;
      console.log(
        `${backend.name}: ${name}, ${version}, ${model.inputs}: ${found.elements} codes, unlike onnxruntime's ${asWritten}, unlike its fused ` +
          `ones ${fused}; ${found.equalPredictions} of ${found.predictions} predictions equal`,
      );
      expect(found.differing).toBeLessThanOrEqual(TIES * found.elements);
      expect(Math.round(found.largest / (step ?? 1))).toBeLessThanOrEqual(1);
      expect(found.equalPredictions).toBe(found.predictions);
    },
    PATIENCE,
  );

  test.each([
    ["mobilenet_v1_0.25_224", "int8-qdq"],
    ["mlperf_tiny_resnet8_cifar10", "int8-qdq"],
    ["mlperf_tiny_resnet8_cifar10", "int8-qoperator"],
  ])(
    "%s %s: what lies between two products of codes is one kernel",
    async (name, version) => {
      const model = realModels.find((each) => each.name === name)!;
      const [feeds] = await model.feeds();
      await using session = await createSession(fileOf(model, version), { backend });
      await session.run(feeds!);
      const kernels = session.plan?.rows.map(({ kernel }) => kernel) ?? [];
      const isProduct = (kernel: string) => kernel.startsWith("conv2d");
      // A convolution behind the pool is the classifier.
      const pool = kernels.findIndex((kernel) => /^(pool2d|reduce)/.test(kernel));
      const last = kernels.findLastIndex((kernel, i) => isProduct(kernel) && i < pool);
      const between = kernels.slice(kernels.findIndex(isProduct), last + 1);
      const others = between.filter((kernel) => !isProduct(kernel));
      console.log(
        `${backend.name}: ${name}, ${version}: ${kernels.length} kernels, ${others.length} of them ${others[0]}`,
      );
      expect(others.length).toBeGreaterThan(1);
      expect(others.length).toBeLessThan(between.length / 2);
      for (const kernel of others)
        expect(kernel).toMatch(
          /^elementwise uint8 -> uint8: dequantize, (mul|dequantize), add(, relu)?(, add)?, quantize$/,
        );
    },
    PATIENCE,
  );

  test.each(among("int8-dynamic"))(
    "%s %s",
    async (name, version, model) => {
      const [file, feeds] = [fileOf(model, version), await model.feeds()];
      const here = await runHere(model, file, feeds);
      const there = await runThere(model, file, feeds);
      const float = await runThere(model, fileOf(model, ""), feeds);
      const found = distance(here, there);
      const quantization = distance(there, float);
      const quality = (results: readonly Results[]) => nats(results[0]!.logits!, feeds[0]!.input_ids!);
      const [ours, theirs, unquantized] = [quality(here), quality(there), quality(float)];
      console.log(
        `${backend.name}: ${name}, ${version}, ${model.inputs}: ${found.elements} elements, root mean square difference ${found.rms.toExponential(1)} ` +
          `(quantization makes ${quantization.rms.toExponential(1)}), ${found.equalPredictions} of ${found.predictions} ` +
          `predictions equal, ${ours.toFixed(4)} nats (onnxruntime ${theirs.toFixed(4)}, float32 ${unquantized.toFixed(4)})`,
      );
      expect(found.rms).toBeLessThan(quantization.rms);
      expect(found.equalPredictions).toBeGreaterThanOrEqual(0.95 * found.predictions);
      expect(Math.abs(ours - theirs)).toBeLessThan(0.01);
    },
    PATIENCE,
  );

  test.each([...floats, ...codes])(
    "%s %s runs without kernels of another backend",
    async (_name, version, model) => {
      await using session = await createSession(fileOf(model, version), { backend });
      await session.run((await model.feeds())[0]!);
      const elsewhere = session.plan?.rows.filter(({ how }) => how === "fallback") ?? [];
      expect(elsewhere.map(({ node, kernel, reason }) => `${node}: ${kernel}: ${reason}`)).toEqual([]);
    },
    PATIENCE,
  );
});
