/**
 * Faults of onnxruntime's CPU providers, measured again on models of one operator: a fault that is gone fails its test, and is
 * to be taken out of the table. Those of the WebGPU provider need a GPU, or a browser.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DType, type HostTensor, tensor } from "@bitbudget/core";
import {
  create,
  type ModelProto,
  makeNode,
  OperatorSetIdProtoSchema,
  parseModel,
  writeModel,
} from "@bitbudget/onnx";
import * as native from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { targetFaults } from "../../src/index.ts";
import { distance } from "./distance.ts";
import { modelOf, op, type Parts, random } from "./models.ts";
import { runners } from "./runners.ts";

const cpu = ["ort-wasm", "ort-node"] as const;

function model(parts: Parts, opset = 21): ModelProto {
  const made = modelOf(parts);
  made.irVersion = 13n;
  made.opsetImport = [
    create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(opset) }),
    create(OperatorSetIdProtoSchema, { domain: "com.microsoft", version: 1n }),
  ];
  return made;
}

/** Whole numbers of a format, from a random tensor. */
function codes(dtype: DType, shape: readonly number[], low: number, high: number): HostTensor {
  return tensor(dtype, shape, Array.from(random(shape, 5, low, high).data, Math.round));
}

/** Operators that are left once onnxruntime has fused what it fuses. */
async function optimized(file: ModelProto): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "faults-"));
  const path = join(folder, "optimized.onnx");
  const session = await native.InferenceSession.create(writeModel(file), {
    optimizedModelFilePath: path,
    logSeverityLevel: 4,
  });
  await session.release();
  const { graph } = parseModel(readFileSync(path));
  rmSync(folder, { recursive: true });
  return graph?.node.map(({ opType }) => opType) ?? [];
}

async function refused(file: ModelProto, feeds: Parts["inputs"], message: RegExp): Promise<void> {
  for (const target of cpu) await expect(runners[target](file, feeds), target).rejects.toThrow(message);
}

const x = random([1, 4, 6, 6], 1);
const rows = random([4, 32], 1);

/** Scales and zero points of x and of the result, in one format. */
function parameters(dtype: DType) {
  return {
    s: tensor("float32", [], [1 / 64]),
    z: tensor(dtype, [], [dtype === "uint8" ? 128 : 0]),
    ys: tensor("float32", [], [1 / 16]),
    yz: tensor(dtype, [], [dtype === "uint8" ? 128 : 0]),
  };
}

interface Group {
  readonly opType: string;
  readonly input?: HostTensor;
  readonly activation?: DType;
  /** Without one it is a product of x and x. */
  readonly weight?: HostTensor;
  /** A zero point for the tensor. */
  readonly zero?: HostTensor;
  readonly quantized?: boolean;
  readonly opset?: number;
}

/** An operator between DequantizeLinear and QuantizeLinear, with one scale for the weight. */
function group({
  opType,
  input = x,
  activation = "uint8",
  weight,
  zero,
  quantized = true,
  opset = 21,
}: Group): ModelProto {
  const second = weight === undefined ? "xd" : "wd";
  const nodes = [
    op("QuantizeLinear", ["x", "s", "z"], "xq"),
    op("DequantizeLinear", ["xq", "s", "z"], "xd"),
    ...(weight === undefined ? [] : [op("DequantizeLinear", ["w", "ws", ...(zero ? ["wz"] : [])], "wd")]),
    op(opType, ["xd", second], quantized ? "r" : "y"),
    ...(quantized
      ? [op("QuantizeLinear", ["r", "ys", "yz"], "rq"), op("DequantizeLinear", ["rq", "ys", "yz"], "y")]
      : []),
  ];
  const constants = {
    ...parameters(activation),
    ...(weight && { w: weight, ws: tensor("float32", [], [0.01]) }),
    ...(zero && { wz: zero }),
  };
  return model({ inputs: { x: input }, outputs: ["y"], constants, nodes }, opset);
}

const filters = codes("int8", [3, 4, 3, 3], -100, 100);
const matrix = codes("int8", [32, 3], -100, 100);

const measurements: Readonly<Record<string, () => Promise<void>>> = {
  "conv-integer-zero-points": async () => {
    const file = model({
      inputs: { x },
      outputs: ["y"],
      constants: { w: codes("uint8", [3, 4, 3, 3], 0, 255), wz: tensor("uint8", [3], [128, 120, 130]) },
      nodes: [
        makeNode("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        op("ConvInteger", ["q", "w", "z", "wz"], "sums"),
        op("Cast", ["sums"], "y", { to: 1n }),
      ],
    });
    await refused(file, { x }, /IsScalarOr1ElementVector/);
  },
  "lstm-zero-points": async () => {
    const zeros = tensor(
      "uint8",
      [1, 16],
      Array.from({ length: 16 }, (_, i) => 120 + i),
    );
    const scales = tensor(
      "float32",
      [1, 16],
      Array.from({ length: 16 }, () => 0.01),
    );
    const steps = random([3, 2, 8], 1);
    const node = makeNode(
      "DynamicQuantizeLSTM",
      ["x", "w", "r", "", "", "", "", "", "s", "z", "s", "z"],
      ["y"],
      {
        domain: "com.microsoft",
        attributes: { hidden_size: 4n },
      },
    );
    const constants = {
      w: codes("uint8", [1, 8, 16], 0, 255),
      r: codes("uint8", [1, 4, 16], 0, 255),
      s: scales,
      z: zeros,
    };
    const file = model({ inputs: { x: steps }, outputs: ["y"], constants, nodes: [node] });
    await refused(file, { x: steps }, /must be constant/);
  },
  "softmax-of-codes": async () => {
    const scores = random([64, 5], 3, -2, 2);
    const [s, ys] = [4 / 255, 1 / 255];
    const file = model({
      inputs: { x: scores },
      outputs: ["y"],
      constants: {
        s: tensor("float32", [], [s]),
        z: tensor("uint8", [], [128]),
        ys: tensor("float32", [], [ys]),
        yz: tensor("uint8", [], [0]),
      },
      nodes: [
        op("QuantizeLinear", ["x", "s", "z"], "xq"),
        op("DequantizeLinear", ["xq", "s", "z"], "xd"),
        op("Softmax", ["xd"], "r", { axis: -1n }),
        op("QuantizeLinear", ["r", "ys", "yz"], "rq"),
        op("DequantizeLinear", ["rq", "ys", "yz"], "y"),
      ],
    });
    // In double precision, from the numbers that the codes stand for.
    const expected: number[] = [];
    for (let row = 0; row < 64; row++) {
      const numbers = Array.from(scores.data.subarray(row * 5, (row + 1) * 5), (value) =>
        Math.exp(Math.min(Math.max(Math.round(value / s), -128), 127) * s),
      );
      const sum = numbers.reduce((a, b) => a + b, 0);
      expected.push(...numbers.map((value) => Math.round(value / sum / ys)));
    }
    for (const target of cpu) {
      const [y] = Object.values(await runners[target](file, { x: scores }));
      const found = Array.from(y!, (value) => Math.round(value / ys));
      const off = found.filter((code, i) => code !== expected[i]).length;
      expect(off / found.length, target).toBeGreaterThan(0.05);
    }
  },
  "signed-sums": async () => {
    for (const opType of ["Add", "Mul", "MatMul"]) {
      expect(await optimized(group({ opType, activation: "int8" }))).toContain(opType);
      expect(await optimized(group({ opType }))).toContain(`QLinear${opType}`);
    }
  },
  "signed-gemm-weights": async () => {
    const weight = codes("uint8", [32, 3], 0, 255);
    const zero = tensor("uint8", [], [128]);
    expect(await optimized(group({ opType: "Gemm", input: rows, weight: matrix }))).toContain("Gemm");
    expect(await optimized(group({ opType: "Gemm", input: rows, weight, zero }))).toContain("QGemm");
  },
  "float-convolution": async () => {
    expect(await optimized(group({ opType: "Conv", weight: filters, quantized: false }))).toContain("Conv");
    expect(await optimized(group({ opType: "Conv", weight: filters }))).toContain("QLinearConv");
    const open = group({ opType: "MatMul", input: rows, weight: matrix, quantized: false });
    expect(await optimized(open)).toContain("MatMulIntegerToFloat");
  },
  "narrow-static-weights": async () => {
    expect(await optimized(group({ opType: "Conv", weight: codes("int4", [3, 4, 3, 3], -7, 7) }))).toContain(
      "Conv",
    );
    expect(
      await optimized(group({ opType: "MatMul", input: rows, weight: codes("int4", [32, 3], -7, 7) })),
    ).toContain("MatMul");
  },
  "int2-convolution": async () => {
    const file = group({ opType: "Conv", weight: codes("int2", [3, 4, 3, 3], -2, 1), opset: 25 });
    await refused(file, { x }, /tensor\(int2\).*QLinearConv/);
  },
  "int2-matmul": async () => {
    const w = codes("int2", [32, 3], -2, 1);
    const s = tensor("float32", [3], [0.5, 0.4, 0.3]);
    const parts = (weight: HostTensor) => ({
      inputs: { x: rows },
      outputs: ["y"],
      constants: { w: weight, s },
      nodes: [op("DequantizeLinear", ["w", "s"], "d", { axis: 1n }), op("MatMul", ["x", "d"], "y")],
    });
    const { y: expected } = await runners.js(model(parts(w), 25), { x: rows });
    const results = await Promise.all(
      cpu.map(async (target) => (await runners[target](model(parts(w), 25), { x: rows })).y),
    );
    expect(Math.max(...results.map((y) => distance(y, expected)))).toBeGreaterThan(0.1);
  },
  "packed-gather": async () => {
    const at = tensor("int64", [2], BigInt64Array.of(0n, 2n));
    for (const dtype of ["int4", "float8_e4m3fn"] as const) {
      const file = model({
        inputs: { x: at },
        outputs: ["y"],
        constants: { w: codes(dtype, [4, 8], -7, 7) },
        nodes: [op("Gather", ["w", "x"], "c"), op("Cast", ["c"], "y", { to: 1n })],
      });
      await refused(file, { x: at }, /Type Error.*Gather/);
    }
  },
  float4: async () => {
    const parts = {
      inputs: { x: rows },
      outputs: ["y"],
      constants: { w: codes("float4_e2m1", [32, 3], -6, 6) },
      nodes: [op("Cast", ["w"], "d", { to: 1n }), op("MatMul", ["x", "d"], "y")],
    };
    await refused(model(parts, 23), { x: rows }, /Could not find an implementation for Cast/);
  },
  "nbits-3": async () => {
    const node = makeNode("MatMulNBits", ["x", "w", "s"], ["y"], {
      domain: "com.microsoft",
      attributes: { K: 32n, N: 3n, bits: 3n, block_size: 32n },
    });
    const constants = { w: codes("uint8", [3, 1, 12], 0, 255), s: tensor("float32", [3, 1], [1, 1, 1]) };
    await refused(
      model({ inputs: { x: rows }, outputs: ["y"], constants, nodes: [node] }),
      { x: rows },
      /nbits_ == 2/,
    );
  },
};

describe("onnxruntime 1.30 still", () => {
  const measurable = targetFaults.filter(({ targets }) =>
    targets.some((each) => each === "ort-wasm" || each === "ort-node"),
  );
  test.each(measurable.map(({ id, detail }) => [id, detail] as const))("%s: %s", async (id) => {
    const measure = measurements[id];
    expect(measure, `a measurement of ${id}`).toBeDefined();
    await measure?.();
  });

  test("every measurement is of a fault", () => {
    expect(Object.keys(measurements).toSorted()).toEqual(measurable.map(({ id }) => id).toSorted());
  });
});
