/** Codes and normalizations where onnxruntime has no kernel to compare with: against the definitions. */
import { type HostTensor, scalar, tensor, valuesOf } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { type OneNode, runOneNode } from "../support/one-node.ts";
import { randomIntegers } from "../support/random.ts";

async function run(node: OneNode): Promise<number[]> {
  const { y0 } = await runOneNode(node);
  return y0 === undefined ? [] : [...valuesOf(y0)];
}

const [M, K, N] = [3, 5, 4];
const a = randomIntegers("uint8", [M, K], 1, 0, 256);
const b = randomIntegers("int8", [K, N], 2, -128, 128);
const aZeros = tensor("uint8", [M], [3, 200, 128]);
const bZeros = tensor("int8", [N], [1, -5, 0, 9]);

/** The sums of (a - z) * (b - y), z of the row and y of the column. */
function sums(rowZeros: HostTensor, columnZeros: HostTensor): number[] {
  const [left, right] = [valuesOf(a), valuesOf(b)];
  const [z, y] = [valuesOf(rowZeros), valuesOf(columnZeros)];
  return Array.from({ length: M * N }, (_, i) => {
    const [row, column] = [Math.floor(i / N), i % N];
    let sum = 0;
    for (let k = 0; k < K; k++)
      sum += (left[row * K + k]! - (z[row] ?? z[0]!)) * (right[k * N + column]! - (y[column] ?? y[0]!));
    return sum;
  });
}

describe("MatMulInteger with zero points", () => {
  const one = [tensor("uint8", [1], [7]), tensor("int8", [1], [-2])] as const;
  const cases = [
    ["for each row and column", aZeros, bZeros],
    ["for each row", aZeros, one[1]],
    ["for each column", one[0], bZeros],
    ["for all", ...one],
  ] as const;
  // Constant weights, constant weights and zero points, nothing constant, everything.
  const constants = [[1], [1, 2, 3], [], [0, 1, 2, 3]];
  test.each(cases.flatMap(([name, z, y]) => constants.map((known) => [name, known, z, y] as const)))(
    "%s, constants %s",
    async (_, known, z, y) => {
      const node = {
        opType: "MatMulInteger",
        inputs: [a, b, z, y],
        constants: known,
        outputs: ["int32"],
      } as const;
      expect(await run(node)).toEqual(sums(z, y));
    },
  );
});

test.each([[[]], [[1, 2, 3, 4, 5, 6, 7]]])(
  "QLinearMatMul by rows and columns, constants %s",
  async (constants) => {
    const aScale = tensor("float32", [M], [0.5, 0.25, 1]);
    const bScale = tensor("float32", [N], [0.5, 1, 2, 0.25]);
    // Powers of two: nothing is rounded on the way.
    const expected = sums(aZeros, bZeros).map((sum, i) => {
      const x = (sum * valuesOf(aScale)[Math.floor(i / N)]! * valuesOf(bScale)[i % N]!) / 512;
      const rounded = Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
      return Math.min(255, Math.max(0, rounded + 100));
    });
    const inputs = [a, aScale, aZeros, b, bScale, bZeros, scalar("float32", 512), scalar("uint8", 100)];
    expect(await run({ opType: "QLinearMatMul", inputs, constants, outputs: ["uint8"] })).toEqual(expected);
  },
);

test("QLinearMatMul of float8", async () => {
  const codes = (values: readonly number[], shape: readonly number[]) =>
    tensor("float8_e4m3fn", shape, values);
  const inputs = [
    codes([1, 2, 3, 4], [2, 2]),
    scalar("float32", 0.5),
    codes([0], []),
    codes([1, -1, 2, 0.5], [2, 2]),
    scalar("float32", 2),
    codes([0], []),
    scalar("float32", 0.25),
    codes([0], []),
  ];
  // [[5, 0], [11, -1]] / 0.25
  const y = await run({ opType: "QLinearMatMul", inputs, outputs: ["float8_e4m3fn"] });
  expect(y).toEqual([20, 0, 44, -4]);
});

describe("QuantizeLinear", () => {
  test("divides in the precision that it is given", async () => {
    // 2049 / 1 is 2048 in float16.
    const inputs = [tensor("float32", [2], [2049, 3]), scalar("float32", 1), scalar("int16", 0)];
    const node = {
      opType: "QuantizeLinear",
      opset: 23,
      inputs,
      constants: [1, 2],
      outputs: ["int16"],
    } as const;
    expect(await run(node)).toEqual([2049, 3]);
    expect(await run({ ...node, attributes: { precision: 10n } })).toEqual([2048, 3]);
  });
  test.each([[[]], [[1, 2]]])(
    "to float8 may keep what is too large from saturating, constants %s",
    async (constants) => {
      const inputs = [
        tensor("float32", [2], [1000, 3]),
        scalar("float32", 1),
        tensor("float8_e5m2", [], [0]),
      ];
      const node = { opType: "QuantizeLinear", inputs, constants, outputs: ["float8_e5m2"] } as const;
      const far = tensor("float32", [2], [1e6, 3]);
      expect(await run(node)).toEqual([1024, 3]);
      expect(await run({ ...node, inputs: [far, ...inputs.slice(1)] })).toEqual([57344, 3]);
      const attributes = { saturate: 0n };
      expect(await run({ ...node, inputs: [far, ...inputs.slice(1)], attributes })).toEqual([
        Number.POSITIVE_INFINITY,
        3,
      ]);
    },
  );
  test("of int32, and with a format that an attribute names", async () => {
    const inputs = [tensor("int32", [3], [-7, 100, 1000]), scalar("float32", 2)];
    const node = { opType: "QuantizeLinear", inputs, constants: [1] } as const;
    expect(await run({ ...node, attributes: { output_dtype: 3n }, outputs: ["int8"] })).toEqual([
      -4, 50, 127,
    ]);
    expect(await run({ ...node, outputs: ["uint8"] })).toEqual([0, 50, 255]);
  });
  test("refuses scales that do not fit", async () => {
    const inputs = [tensor("float32", [2, 3]), tensor("float32", [4], [1, 1, 1, 1])];
    const running = run({ opType: "QuantizeLinear", inputs, outputs: ["uint8"] });
    await expect(running).rejects.toMatchObject({ code: "NODE", opType: "QuantizeLinear" });
  });
});

test.each([[[]], [[1, 2]]])(
  "DequantizeLinear in blocks of which the last is shorter, constants %s",
  async (constants) => {
    const inputs = [
      tensor("uint4", [2, 5], [0, 1, 2, 3, 4, 15, 14, 13, 12, 11]),
      tensor("float16", [2, 3], [1, 2, 4, 0.5, 0.25, 8]),
      tensor("uint4", [2, 3], [1, 0, 2, 8, 0, 3]),
    ];
    const node = {
      opType: "DequantizeLinear",
      attributes: { axis: 1n, block_size: 2n },
      inputs,
      constants,
    } as const;
    expect(await run({ ...node, outputs: ["float16"] })).toEqual([-1, 0, 4, 6, 8, 3.5, 3, 3.25, 3, 64]);
  },
);

test("LRN over an even number of channels looks one further ahead", async () => {
  const inputs = [tensor("float32", [1, 4, 1], [1, 2, 3, 4])];
  const attributes = { size: 2n, alpha: 2, beta: 1, bias: 1 };
  // x / (1 + the sum of the squares of itself and the next)
  const y = await run({ opType: "LRN", inputs, attributes, outputs: ["float32"] });
  expect(y.map((value) => Number(value.toFixed(6)))).toEqual(
    [1 / 6, 2 / 14, 3 / 26, 4 / 17].map((v) => Number(v.toFixed(6))),
  );
});

describe("LayerNormalization", () => {
  const x = tensor("float32", [1, 2, 2], [1, 3, 5, 7]);
  const root = Math.sqrt(5);
  const normal = [-3 / root, -1 / root, 1 / root, 3 / root];
  test.each([
    ["a scale for one axis", tensor("float32", [2], [2, 4]), [2, 4, 2, 4]],
    ["a scale that is repeated", tensor("float32", [2, 1], [2, 4]), [2, 2, 4, 4]],
    ["one scale", tensor("float32", [1], [3]), [3, 3, 3, 3]],
    ["a scale of more axes", tensor("float32", [1, 2, 2], [1, 2, 3, 4]), [1, 2, 3, 4]],
  ])("broadcasts %s", async (_, scale, factors) => {
    for (const constants of [[], [1]]) {
      const node = {
        opType: "LayerNormalization",
        attributes: { axis: 1n, epsilon: 0 },
        inputs: [x, scale],
        constants,
      };
      const y = await run({ ...node, outputs: ["float32"] });
      for (const [i, value] of y.entries()) expect(value).toBeCloseTo(normal[i]! * factors[i]!, 5);
    }
  });
  test("of float64 keeps its digits", async () => {
    const wide = tensor("float64", [1, 2], [1e9, 1e9 + 2]);
    const inputs = [wide, tensor("float64", [2], [1 + 2 ** -40, 1])];
    const node: OneNode = {
      opType: "LayerNormalization",
      attributes: { epsilon: 0 },
      inputs,
      constants: [1],
      outputs: ["float64"],
    };
    expect(await run(node)).toEqual([-(1 + 2 ** -40), 1]);
  });
});

test("a Conv whose window does not fit says so", async () => {
  const inputs = [tensor("float32", [1, 1, 2]), tensor("float32", [1, 1, 3])];
  const running = run({ opType: "Conv", inputs, constants: [1], outputs: ["float32"] });
  await expect(running).rejects.toThrow(/node "node" \(Conv\): has a window of 3 that does not fit into 2/);
});
